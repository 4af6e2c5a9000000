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

    /// - Parameters:
    ///   - text: What stands behind the option.
    ///   - prefix: What the names of all keys in Redis start with; nil for what `text` says, or the default.
    ///   - option: What the option is called: `--from`.
    ///   - environment: The variables that a configuration file may name.
    /// - Throws: `ValidationError` if it cannot be read, ``ConfigurationError`` if the file has mistakes.
    init(
        _ text: String, prefix: String?, option: String, environment: [String: String]
    ) async throws {
        var values = ServeConfiguration()
        if let file = Self.rest(of: text, behind: "config:") {
            // What holds for a server holds for one of the two sides only, and nobody knows for which.
            let others = environment.filter { !$0.key.hasPrefix("XQUEUE_") }
            values = try await ConfigurationLoader(flags: [], environment: others, file: file).load().values
        } else if Self.schemes.contains(where: { text.hasPrefix($0) }) {
            let (address, query) = Self.parts(text)
            values.redis.address = address
            if let query {
                guard let name = Self.rest(of: query, behind: "prefix="), !name.isEmpty else {
                    throw ValidationError("\(option): only ?prefix=NAME may stand behind an address of Redis")
                }
                values.redis.keyPrefix = name
            }
        } else {
            let path = Self.rest(of: text, behind: "sqlite:") ?? text
            guard !path.isEmpty, !path.contains("://") else {
                throw ValidationError(
                    "\(option) must be a file, redis://HOST:PORT, rediss://HOST:PORT, unix://SOCKET, or config:FILE"
                )
            }
            values.storePath = path
        }
        if let prefix {
            guard values.redis.isUsed else {
                throw ValidationError("\(option)-prefix is for Redis; \(option) names a file")
            }
            values.redis.keyPrefix = prefix
        }
        try self.init(values)
    }

    private init(_ values: ServeConfiguration) throws {
        var values = values
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
