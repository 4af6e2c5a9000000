/// Rows under heads, for a terminal or for another program.
struct TextTable {
    struct Column {
        let head: String
        var isOnRight = false
        /// How narrow it may get when the terminal is; nil if it is never cut.
        var least: Int?
    }

    private static let gap = 2

    let columns: [Column]
    var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// The table as lines. On a terminal the columns stand under their heads, and those that may be cut are
    /// cut, the last first, until it fits; elsewhere nothing is cut, there are no heads, and a tab stands
    /// between two values.
    func lines(isTerminal: Bool, width: Int) -> [String] {
        let rows = rows.map { row in row.map(\.onOneLine) }
        guard isTerminal else { return rows.map { $0.joined(separator: "\t") } }
        let heads = columns.map(\.head)
        let widths = widths([heads] + rows, within: width)
        return ([heads] + rows).map { row in
            var line = ""
            for (index, value) in row.enumerated() {
                let value = value.fitted(to: widths[index])
                let space = String(repeating: " ", count: widths[index] - value.displayWidth)
                line += columns[index].isOnRight ? space + value : value + space
                if index < row.count - 1 { line += String(repeating: " ", count: Self.gap) }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func widths(_ rows: [[String]], within width: Int) -> [Int] {
        var widths = columns.indices.map { column in rows.map { $0[column].displayWidth }.max() ?? 0 }
        var surplus = widths.reduce(0, +) + Self.gap * (columns.count - 1) - width
        for index in columns.indices.reversed() where surplus > 0 {
            guard let least = columns[index].least else { continue }
            let cut = min(surplus, max(widths[index] - least, 0))
            widths[index] -= cut
            surplus -= cut
        }
        return widths
    }

    /// Prints it to standard output.
    func print() throws {
        let lines = lines(isTerminal: Terminal.output.isTerminal, width: Terminal.output.width)
        try Output.write(lines.map { $0 + "\n" }.joined())
    }
}
