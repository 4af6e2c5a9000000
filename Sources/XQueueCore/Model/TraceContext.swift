/// The distributed trace a task belongs to, as in W3C Trace Context.
///
/// Given at submission, stored with the task and passed to its handler.
public struct TraceContext: Sendable, Hashable {
    /// Maximum size of a `traceparent`, in bytes; one of version 00 has 55.
    static let parentBytes = 256
    /// Maximum size of a `tracestate`, in bytes.
    static let stateBytes = 512

    /// The value of the header `traceparent`: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
    public let parent: String
    /// The value of the header `tracestate`; nil if there is none.
    public let state: String?

    /// - Parameters:
    ///   - parent: Nil or an invalid `traceparent` makes no trace.
    ///   - state: An invalid `tracestate` is dropped; the trace stays the same.
    public init?(parent: String?, state: String? = nil) {
        guard let parent, Self.isLegal(parent: parent) else { return nil }
        self.parent = parent
        self.state = state.flatMap { Self.isLegal(state: $0) ? $0 : nil }
    }

    /// The trace as one text, for ``init(text:)``: the parent, then a space and the state if there is one.
    public var text: String { state.map { "\(parent) \($0)" } ?? parent }

    /// Parses ``text``; nil if it is not a valid trace.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: " ", maxSplits: 1)
        self.init(parent: parts.first.map { String($0) }, state: parts.dropFirst().first.map { String($0) })
    }

    /// Version, trace, parent and flags in hexadecimal digits; later versions may add more after a hyphen.
    private static func isLegal(parent: String) -> Bool {
        let bytes = Array(parent.utf8.prefix(parentBytes + 1))
        guard 55...parentBytes ~= bytes.count else { return false }
        let (version, trace, span, flags) = (bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55])
        guard [version, trace, span, flags].allSatisfy({ $0.allSatisfy(isDigit) }),
            [2, 35, 52].allSatisfy({ bytes[$0] == hyphen }),
            trace.contains(where: isNotZero), span.contains(where: isNotZero),
            !version.elementsEqual("ff".utf8)
        else { return false }
        if bytes.count == 55 { return true }
        return !version.elementsEqual("00".utf8) && bytes[55] == hyphen
            && bytes[55...].allSatisfy { 0x21...0x7E ~= $0 }
    }

    private static let hyphen = UInt8(ascii: "-")

    private static func isLegal(state: String) -> Bool {
        1...stateBytes ~= state.utf8.count && state.utf8.allSatisfy { 0x20...0x7E ~= $0 || $0 == 0x09 }
            && state.utf8.contains(UInt8(ascii: "="))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
    }

    private static func isNotZero(_ byte: UInt8) -> Bool { byte != UInt8(ascii: "0") }
}
