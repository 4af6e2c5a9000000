/// Facts about one thing, a line each.
struct FactSheet {
    private static let nameWidth = 20

    /// Whether to align the facts; otherwise tabs separate them.
    let isTerminal: Bool
    private(set) var text = ""

    init(isTerminal: Bool) {
        self.isTerminal = isTerminal
    }

    /// Adds a line.
    ///
    /// - Parameters:
    ///   - name: The fact's name.
    ///   - values: Its parts.
    mutating func add(_ name: String, _ values: String...) {
        let values = values.map(\.onOneLine)
        text +=
            isTerminal
            ? "\(name.padded(to: Self.nameWidth)) \(values.joined(separator: "  "))\n"
            : ([name] + values).joined(separator: "\t") + "\n"
    }
}
