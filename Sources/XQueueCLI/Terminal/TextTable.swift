/// Rows under heads, for a terminal or for another program.
struct TextTable {
    struct Column {
        let head: String
        var isOnRight = false
        /// How narrow it may get when the terminal is; nil if it is never cut.
        var least: Int?
        /// Whether its values are told apart by their ends: they are cut in the middle.
        var isName = false
        /// Columns with a higher number leave a terminal that is too narrow first; 0 stays.
        var leaves = 0
    }

    private static let gap = 2
    /// What a column says that has nothing to say.
    private static let nothing: Set<String> = ["", "-", "0"]

    let columns: [Column]
    var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// The table as lines. On a terminal the columns stand under their heads. Until it fits, those that may be cut are
    /// cut, the last first, and those that may leave it do, the ones without anything to say before the others.
    /// Elsewhere nothing is cut, there are no heads, and a tab stands between two values.
    func lines(isTerminal: Bool, width: Int) -> [String] {
        let rows = rows.map { row in row.map(\.onOneLine) }
        guard isTerminal else { return rows.map { $0.joined(separator: "\t") } }
        let cells = [columns.map(\.head)] + rows
        let shown = shown(cells, within: width)
        let widths = widths(cells, of: shown, within: width)
        return cells.map { row in
            var line = ""
            for (index, width) in zip(shown, widths) {
                let column = columns[index]
                let value =
                    column.isName ? row[index].fittedInTheMiddle(to: width) : row[index].fitted(to: width)
                let space = String(repeating: " ", count: width - value.displayWidth)
                if !line.isEmpty { line += String(repeating: " ", count: Self.gap) }
                line += column.isOnRight ? space + value : value + space
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// The columns for which there is room.
    private func shown(_ cells: [[String]], within width: Int) -> [Int] {
        let natural = columns.indices.map { column in cells.map { $0[column].displayWidth }.max() ?? 0 }
        let least = columns.indices.map { min(natural[$0], columns[$0].least ?? natural[$0]) }
        let leaving = columns.indices.filter { columns[$0].leaves > 0 }
            .sorted { rank($0) > rank($1) }
        var shown = Array(columns.indices)
        for column in leaving {
            let sum = shown.reduce(0) { $0 + least[$1] } + Self.gap * (shown.count - 1)
            guard sum > width else { break }
            shown.removeAll { $0 == column }
        }
        return shown
    }

    private func rank(_ column: Int) -> Int {
        let saysNothing = rows.allSatisfy { Self.nothing.contains($0[column]) }
        return columns[column].leaves + (saysNothing ? columns.count : 0)
    }

    private func widths(_ cells: [[String]], of shown: [Int], within width: Int) -> [Int] {
        var widths = shown.map { column in cells.map { $0[column].displayWidth }.max() ?? 0 }
        var surplus = widths.reduce(0, +) + Self.gap * (shown.count - 1) - width
        for place in shown.indices.reversed() where surplus > 0 {
            guard let least = columns[shown[place]].least else { continue }
            let cut = min(surplus, max(widths[place] - least, 0))
            widths[place] -= cut
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
