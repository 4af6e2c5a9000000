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
