/// Why the configuration cannot be used: every problem that was found, one line each.
struct ConfigurationError: Error, CustomStringConvertible {
    /// What exit code the program ends with, as `sysexits.h` has them.
    enum Kind: Int32 {
        /// Something on the command line.
        case usage = 64
        /// Something in the environment or the file.
        case configuration = 78
    }

    let kind: Kind
    let problems: [String]

    init(_ kind: Kind, _ problems: [String]) {
        self.kind = kind
        self.problems = problems
    }

    var description: String { problems.joined(separator: "\n") }
}

/// Finds what somebody who mistyped a name may have meant.
enum Suggestion {
    /// `, did you mean 'X'?` with the nearest of `names`, or nothing if none is near.
    static func phrase(for name: String, among names: [String]) -> String {
        let nearest = names.map { (name: $0, distance: distance(name, $0)) }.min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= max(2, name.count / 4) else { return "" }
        return ", did you mean '\(nearest.name)'?"
    }

    /// How many letters must be inserted, removed or replaced to turn one word into the other.
    private static func distance(_ lhs: String, _ rhs: String) -> Int {
        let left = Array(lhs.unicodeScalars)
        let right = Array(rhs.unicodeScalars)
        var previous = Array(0...right.count)
        for (row, scalar) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (scalar == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
