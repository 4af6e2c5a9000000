import Foundation
import Logging
import XQueueServer

/// The program's log: lines on standard error.
enum ConsoleLog {
    /// The logger of everything the program does, as loud as `control` says.
    static func logger(_ values: ServeConfiguration, _ control: LogControl) -> Logger {
        let format: ConsoleLogHandler.Format = isForPeople(values) ? .text : .json
        return Logger(label: "xqueue") { _ in ConsoleLogHandler(format: format, control: control) }
    }

    /// How loud the log is at first.
    static func level(_ values: ServeConfiguration) -> Logger.Level {
        Logger.Level(rawValue: values.log.level.rawValue) ?? (values.mode == .debug ? .debug : .info)
    }

    /// The same log for parts that tell at lower levels how they are made.
    static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = .notice
        return quiet
    }

    /// True if the log is read by a person rather than a program.
    static func isForPeople(_ values: ServeConfiguration) -> Bool {
        switch values.log.format {
        case .text: true
        case .json: false
        case .auto: values.mode == .debug || isatty(FileHandle.standardError.fileDescriptor) == 1
        }
    }
}
