import Crypto
public import XQueueCore

/// Which other tasks there may not be while a submitted task is there, and what to do if there is one.
///
/// ```swift
/// submission.uniqueness = Uniqueness(key: "deploy:web", onConflict: .rerun)
/// ```
public struct Uniqueness: Sendable, Hashable {
    /// 1 to 256 bytes; nil to derive the key from ``by`` alone.
    public var key: String?
    /// Which parts of the payload distinguish tasks: paths such as `customer.id`. An empty list is the whole payload; nil is
    /// none of it.
    public var by: [String]?
    /// Until when the task holds the key. The default is until it has ended, or started with `debounce`.
    public var until: UniqueRule.Until?
    /// At least how long the task holds the key, counted from its acceptance: 1 ms to 10 years.
    public var window: Duration?
    /// Whether the key is shared by the tasks of all types that say so.
    public var isAcrossTypes = false
    public var onConflict = UniqueConflict.returnExisting

    public init(
        key: String? = nil, by: [String]? = nil, until: UniqueRule.Until? = nil, window: Duration? = nil,
        isAcrossTypes: Bool = false, onConflict: UniqueConflict = .returnExisting
    ) {
        self.key = key
        self.by = by
        self.until = until
        self.window = window
        self.isAcrossTypes = isAcrossTypes
        self.onConflict = onConflict
    }

    /// What leads to `rule`, whatever the payload.
    init(_ rule: UniqueRule) {
        self.init(
            key: rule.key, until: rule.until, window: rule.window, isAcrossTypes: rule.isAcrossTypes)
    }

    /// The rule for a task with the payload.
    ///
    /// - Throws: ``QueueError/Code/invalidField``.
    func rule(for payload: RawJSON) throws(QueueError) -> UniqueRule {
        guard key != nil || by != nil else { throw .invalid("unique", "must have a key, or by") }
        try checkParts()
        var rule = UniqueRule(key: (key ?? "") + digest(of: payload))
        rule.until = until ?? defaultUntil
        rule.isAcrossTypes = isAcrossTypes
        rule.window = window
        try check(rule)
        // As precise as stores are.
        rule.window = window.map { .milliseconds($0.wholeMilliseconds) }
        return rule
    }

    private var defaultUntil: UniqueRule.Until {
        if case .debounce = onConflict { .started } else { .done }
    }

    private func checkParts() throws(QueueError) {
        if let key {
            let most = ModelLimits.keyBytes - (by == nil ? 0 : 65)
            guard 1...most ~= key.utf8.count else {
                throw .invalid("unique.key", "must be 1 to \(most) bytes long")
            }
            guard key.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw .invalid("unique.key", "must not contain control characters")
            }
        }
        guard let by else { return }
        guard by.count <= Self.maxPaths, by.allSatisfy({ 1...ModelLimits.keyBytes ~= $0.utf8.count }) else {
            throw .invalid(
                "unique.by", "must be at most \(Self.maxPaths) paths of 1 to \(ModelLimits.keyBytes) bytes")
        }
        guard by.allSatisfy({ $0.utf8.count(where: { $0 == UInt8(ascii: ".") }) < Self.maxDepth }) else {
            throw .invalid("unique.by", "must not have paths of more than \(Self.maxDepth) members")
        }
    }

    private static let maxPaths = 32
    /// Bounds the work: each level of a payload is read once.
    private static let maxDepth = 32

    private func check(_ rule: UniqueRule) throws(QueueError) {
        if let window {
            guard rule.until != .started else {
                throw .invalid("unique.window", "cannot be combined with until \"started\"")
            }
            guard .milliseconds(1)...ModelLimits.maxDuration ~= window else {
                throw .invalid(
                    "unique.window", "must be 0.001 to \(ModelLimits.maxDuration.components.seconds) seconds")
            }
        } else if rule.until == .window {
            throw .invalid("unique.window", "is required with until \"window\"")
        }
        switch onConflict {
        case .returnExisting, .reject, .replace: break
        case .rerun:
            guard rule.until == .done, window == nil else {
                throw .invalid("unique.on_conflict", "can be \"rerun\" only until \"done\", without a window")
            }
        case .debounce(let debounce):
            guard rule.until == .started else {
                throw .invalid("unique.until", "must be \"started\" with on_conflict \"debounce\"")
            }
            guard .milliseconds(1)...ModelLimits.maxDuration ~= debounce.wait else {
                throw .invalid(
                    "unique.wait", "must be 0.001 to \(ModelLimits.maxDuration.components.seconds) seconds")
            }
            guard debounce.wait...ModelLimits.maxDuration ~= debounce.maxWait else {
                throw .invalid(
                    "unique.max_wait",
                    "must be at least wait, and at most \(ModelLimits.maxDuration.components.seconds) seconds"
                )
            }
        }
    }

    /// `#` and the SHA-256 of the chosen parts of the payload; empty without any.
    private func digest(of payload: RawJSON) -> String {
        guard let by else { return "" }
        let text = by.isEmpty ? payload.canonical : Self.text(of: zip(by, payload.values(at: by)))
        let hash = SHA256.hash(data: Array(text.utf8))
        let digits = hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        return "#" + digits.joined()
    }

    /// Each path with its value, if there is one. No JSON begins like this.
    private static func text(of parts: some Sequence<(String, RawJSON?)>) -> String {
        var writer = JSONWriter()
        writer.array(parts) { writer, part in
            writer.object { writer in
                writer.member("path", part.0)
                if let value = part.1 { writer.member("value", RawJSON(trusted: value.canonical)) }
            }
        }
        return "by" + writer.text
    }
}
