/// The command line as it was given: Swift repairs what is not UTF-8, and would pass on another text.
enum ArgumentText {
    /// The number of the first argument that is not UTF-8, 1 for the first; nil if all are.
    static var firstUnreadable: Int? {
        (1..<max(Int(CommandLine.argc), 1)).first { number in
            CommandLine.unsafeArgv[number].map { String(validatingCString: $0) == nil } ?? false
        }
    }
}
