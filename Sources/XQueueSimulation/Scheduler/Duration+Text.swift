import XQueueCore

extension Duration {
    /// The duration for people, to the millisecond: `1.25 s`.
    var text: String {
        let milliseconds = wholeMilliseconds
        let (whole, rest) = (milliseconds.magnitude / 1000, milliseconds.magnitude % 1000)
        var digits = rest == 0 ? "" : ".\(String(rest + 1000).dropFirst())"
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(milliseconds < 0 ? "-" : "")\(whole)\(digits) s"
    }
}
