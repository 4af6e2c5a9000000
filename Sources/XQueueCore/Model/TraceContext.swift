/// The distributed trace a task belongs to, in the words of W3C Trace Context.
///
/// It is given with a submission, kept with the task, and handed to whatever runs the task.
public struct TraceContext: Sendable, Hashable {
    /// The most bytes of a trace parent; one of version 00 has 55.
    static let parentBytes = 256
    /// The most bytes of a trace state.
    static let stateBytes = 512

    /// The value of the header `traceparent`: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
    public let parent: String
    /// The value of the header `tracestate`; nil if there is none.
    public let state: String?

    /// - Parameters:
    ///   - parent: Nil, or what is not a legal `traceparent`, is no trace.
    ///   - state: What is not a legal `tracestate` is left out: it does not make the trace another one.
    public init?(parent: String?, state: String? = nil) {
        guard let parent, Self.isLegal(parent: parent) else { return nil }
        self.parent = parent
        self.state = state.flatMap { Self.isLegal(state: $0) ? $0 : nil }
    }

    /// The trace in one piece, as ``init(text:)`` reads it: the parent, and the state after a space.
    public var text: String { state.map { "\(parent) \($0)" } ?? parent }

    /// What ``text`` has written; nil if it is no trace.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: " ", maxSplits: 1)
        self.init(parent: parts.first.map { String($0) }, state: parts.dropFirst().first.map { String($0) })
    }

    /// Version, trace, parent and flags in hexadecimal digits; what later versions add stands behind a hyphen.
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
