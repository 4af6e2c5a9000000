import ArgumentParser
import Foundation
import Logging
import XQueue
import XQueueCore
import XQueueServer

/// Where a queue is kept, as the command line of a migration names it.
///
/// A path, an address of Redis with the prefix behind a question mark, or `config:` and the file of a server's settings,
/// which may name Sentinels, certificates and passwords.
struct QueuePlace: Sendable {
    /// Where it is, for people; without any password.
    let name: String
    /// The file, if it is one.
    let path: String?
    private let values: ServeConfiguration

    /// The place that an option names.
    ///
    /// - Parameters:
    ///   - text: What stands behind the option.
    ///   - prefix: What the names of all keys in Redis start with; nil for what `text` says, or the default.
    ///   - option: What the option is called: `--from`.
    ///   - environment: The variables that a configuration file may name.
    /// - Throws: `ValidationError` if it cannot be read, ``ConfigurationError`` if the file has mistakes.
    static func named(
        _ text: String, prefix: String?, option: String, environment: [String: String]
    ) async throws -> QueuePlace {
        guard let file = rest(of: text, behind: "config:") else {
            return try QueuePlace(try settings(of: text, option), prefix: prefix, option)
        }
        // What holds for a server holds for one of the two sides only, and nobody knows for which.
        let others = environment.filter { !$0.key.hasPrefix("XQUEUE_") }
        let loaded = try await ConfigurationLoader(flags: [], environment: others, file: file).load()
        return try QueuePlace(loaded.values, prefix: prefix, option)
    }

    private init(_ values: ServeConfiguration, prefix: String?, _ option: String) throws {
        var values = values
        if let prefix {
            guard values.redis.isUsed else {
                throw ValidationError("\(option)-prefix is for Redis; \(option) names a file")
            }
            values.redis.keyPrefix = prefix
        }
        // What one store held the other one takes.
        values.store.limits.maxTypes = .max
        self.values = values
        let opener = try StoreOpener(values: values, logger: Self.logger(values))
        if values.redis.isUsed {
            path = nil
            name = "\(opener.place), prefix \(values.redis.keyPrefix)"
        } else {
            let file = URL(filePath: values.storePath).standardizedFileURL.path
            (path, name) = (file, file)
        }
    }

    /// The settings of a store that is named by its address or its file.
    private static func settings(of text: String, _ option: String) throws -> ServeConfiguration {
        var values = ServeConfiguration()
        if schemes.contains(where: { text.hasPrefix($0) }) {
            let (address, query) = parts(text)
            values.redis.address = address
            if let query {
                guard let name = rest(of: query, behind: "prefix="), !name.isEmpty else {
                    throw ValidationError("\(option): only ?prefix=NAME may stand behind an address of Redis")
                }
                values.redis.keyPrefix = name
            }
        } else {
            let path = rest(of: text, behind: "sqlite:") ?? text
            guard !path.isEmpty, !path.contains("://") else {
                throw ValidationError(
                    "\(option) must be a file, redis://HOST:PORT, rediss://HOST:PORT, unix://SOCKET, or config:FILE"
                )
            }
            values.storePath = path
        }
        return values
    }

    private static let schemes = ["redis://", "rediss://", "unix://"]

    private static func rest(of text: String, behind start: String) -> String? {
        text.hasPrefix(start) ? String(text.dropFirst(start.count)) : nil
    }

    /// The address, and what stands behind its question mark; one in a password stands before the last @.
    private static func parts(_ text: String) -> (address: String, query: String?) {
        let host = text.lastIndex(of: "@") ?? text.startIndex
        guard let mark = text[host...].firstIndex(of: "?") else { return (text, nil) }
        return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }

    private static func logger(_ values: ServeConfiguration) -> Logger {
        ConsoleLog.quiet(ConsoleLog.logger(values, LogControl(ConsoleLog.level(values))))
    }

    /// - Throws: ``CommandError`` if there is no such file, though one `mustExist`; ``StoreError`` if the store cannot be
    ///   used.
    func open(mustExist: Bool) async throws -> QueueTransfer.Side {
        if mustExist, let path, !FileManager.default.fileExists(atPath: path) {
            throw CommandError(.noInput, "there is no file \(path)")
        }
        let store = try await StoreOpener(values: values, logger: Self.logger(values)).open()
        return QueueTransfer.Side(store, name: name)
    }
}
