/// A program that runs the tasks of a type, and what it is given.
public struct ExecProgram: Sendable, Hashable {
    /// The name of the program, which is looked up in `PATH`, or a path; a relative path starts from ``workingDirectory``.
    public var path: String
    /// What the program is given on its command line, without a shell in between.
    public var arguments: [String]
    /// Variables that are added to the program's environment, by name.
    public var environment: [String: String] = [:]
    /// The names of variables of this process that the program inherits, besides the harmless ones (`PATH`, `HOME`,
    /// `LANG` and the like). Any other variable may be a secret, and is not passed on.
    public var inheritedVariables: [String] = []
    /// The folder that the program runs in; a relative one starts from this process's.
    public var workingDirectory: String
    /// How many bytes of a line of standard output are kept, and how many bytes of standard error are logged, in each
    /// attempt. A longer last line is no result. 1 MiB by default; less than 0 counts as 0.
    public var maxOutput = 1 << 20

    /// Describes a program.
    ///
    /// - Parameters:
    ///   - path: The name of the program, or a path to it.
    ///   - arguments: What it is given on its command line.
    ///   - workingDirectory: The folder it runs in.
    public init(_ path: String, arguments: [String] = [], workingDirectory: String = ".") {
        self.path = path
        self.arguments = arguments
        self.workingDirectory = workingDirectory
    }
}
