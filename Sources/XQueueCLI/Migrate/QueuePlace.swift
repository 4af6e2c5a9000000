import ArgumentParser
import Foundation
import Logging
import XQueue
import XQueueCore
import XQueueServer

/// The location of a queue, as given to a migration on the command line.
///
/// A path, a Redis address with the prefix after a question mark, or `config:` and a server's configuration file, which
/// may have Sentinels, certificates and passwords.
struct QueuePlace: Sendable {
    /// The location for people, without passwords.
    let name: String
    /// The path, if the queue is in a file.
    let path: String?
    private let values: ServeConfiguration

    /// Parses the value of an option.
    ///
    /// - Parameters:
    ///   - text: The option's value.
    ///   - prefix: The Redis key prefix; nil for the one in `text`, or the default.
    ///   - option: The option's name, such as `--from`.
    ///   - environment: The variables that a configuration file may refer to.
    /// - Throws: `ValidationError` if `text` cannot be parsed, ``ConfigurationError`` if the file has mistakes.
    static func named(
        _ text: String, prefix: String?, option: String, environment: [String: String]
    ) async throws -> QueuePlace {
        guard let file = rest(of: text, after: "config:") else {
            return try QueuePlace(try settings(of: text, option), prefix: prefix, option)
        }
        // XQUEUE_ variables configure one server; which of the two sides would be a guess.
        let others = environment.filter { !$0.key.hasPrefix("XQUEUE_") }
        let loaded = try await ConfigurationLoader(flags: [], environment: others, file: file).load()
        return try QueuePlace(loaded.values, prefix: prefix, option)
    }

    private init(_ values: ServeConfiguration, prefix: String?, _ option: String) throws {
        var values = values
        if let prefix {
            guard values.redis.isUsed else {
                throw ValidationError("\(option)-prefix requires Redis, but \(option) is a file")
            }
            values.redis.keyPrefix = prefix
        }
        // The target accepts however many types the source has.
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

    /// Returns the settings of a store given as an address or a path.
    private static func settings(of text: String, _ option: String) throws -> ServeConfiguration {
        var values = ServeConfiguration()
        if schemes.contains(where: { text.hasPrefix($0) }) {
            let (address, query) = parts(text)
            values.redis.address = address
            if let query {
                guard let name = rest(of: query, after: "prefix="), !name.isEmpty else {
                    throw ValidationError("\(option): only ?prefix=NAME may follow a Redis address")
                }
                values.redis.keyPrefix = name
            }
        } else {
            let path = rest(of: text, after: "sqlite:") ?? text
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

    private static func rest(of text: String, after start: String) -> String? {
        text.hasPrefix(start) ? String(text.dropFirst(start.count)) : nil
    }

    /// Splits an address from the query after its question mark. A question mark before the last @ is in the password.
    private static func parts(_ text: String) -> (address: String, query: String?) {
        let host = text.lastIndex(of: "@") ?? text.startIndex
        guard let mark = text[host...].firstIndex(of: "?") else { return (text, nil) }
        return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }

    private static func logger(_ values: ServeConfiguration) -> Logger {
        ConsoleLog.quiet(ConsoleLog.logger(values, LogControl(ConsoleLog.level(values))))
    }

    /// - Throws: ``CommandError`` if the file `mustExist` but does not; ``StoreError`` if the store cannot be
    ///   used.
    func open(mustExist: Bool) async throws -> QueueTransfer.Side {
        if mustExist, let path, !FileManager.default.fileExists(atPath: path) {
            throw CommandError(.noInput, "no file \(path)")
        }
        let store = try await StoreOpener(values: values, logger: Self.logger(values)).open()
        return QueueTransfer.Side(store, name: name)
    }
}
