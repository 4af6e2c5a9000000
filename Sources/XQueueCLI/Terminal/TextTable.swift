/// A table with a header, for a terminal or another program.
struct TextTable {
    struct Column {
        let head: String
        var isOnRight = false
        /// Minimum width on a narrow terminal; nil if it is never truncated.
        var least: Int?
        /// Whether values are truncated in the middle, since their ends distinguish them.
        var isName = false
        /// Order of removal on a narrow terminal, highest first; 0 = never removed.
        var leaves = 0
    }

    private static let gap = 2
    /// Values of a column without information.
    private static let nothing: Set<String> = ["", "-", "0"]

    let columns: [Column]
    var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Returns the table as lines. On a terminal, columns are aligned under the header; to fit its width, columns are
    /// removed, those without information first, and others truncated, starting with the last. Elsewhere there is no
    /// header, nothing is truncated, and tabs separate the values.
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

    /// Returns the columns that fit.
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

    /// Prints the table to standard output.
    func print() throws {
        let lines = lines(isTerminal: Terminal.output.isTerminal, width: Terminal.output.width)
        try Output.write(lines.map { $0 + "\n" }.joined())
    }
}
