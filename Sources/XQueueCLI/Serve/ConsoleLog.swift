import Foundation
import Logging

/// The program's log: lines on standard error.
enum ConsoleLog {
    /// The logger of everything the program does.
    static func logger(mode: ServerMode) -> Logger {
        let format: ConsoleLogHandler.Format = isForPeople(mode: mode) ? .text : .json
        var logger = Logger(label: "xqueue") { _ in ConsoleLogHandler(format: format) }
        logger.logLevel = mode == .debug ? .debug : .info
        return logger
    }

    /// The same log for parts that tell at lower levels how they are made.
    static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(quiet.logLevel, .notice)
        return quiet
    }

    /// True if the log is read by a person rather than a program.
    static func isForPeople(mode: ServerMode) -> Bool {
        mode == .debug || isatty(FileHandle.standardError.fileDescriptor) == 1
    }
}
