import ArgumentParser
import Foundation
import XQueueCore

/// Identifiers on the command line, or on standard input where `-` stands. What an identifier begins with stands for
/// it, if it is the only one.
enum TaskIDArgument {
    /// - Throws: `ValidationError` naming the first that is none.
    static func check(_ texts: [String]) throws {
        for text in texts where text != "-" && TaskID(text) == nil && TaskIDPrefix(text) == nil {
            throw ValidationError("\(text) is not a task's identifier, nor the beginning of one")
        }
    }

    /// The tasks that are named, in order; standard input holds one or more on each line.
    ///
    /// - Throws: ``CommandError`` naming the first word on standard input that is no identifier, or the first
    ///   beginning that is not one task's.
    static func read(_ texts: [String], _ client: APIClient) async throws -> [TaskID] {
        var ids: [TaskID] = []
        for text in texts {
            guard text == "-" else {
                ids.append(try await task(text, client))
                continue
            }
            let input = try FileHandle.standardInput.readToEnd() ?? Data()
            for word in String(decoding: input, as: UTF8.self).split(whereSeparator: \.isWhitespace) {
                ids.append(try await task(String(word), client))
            }
        }
        return ids
    }

    private static func task(_ text: String, _ client: APIClient) async throws -> TaskID {
        if let id = TaskID(text) { return id }
        guard let prefix = TaskIDPrefix(text) else {
            throw CommandError(.badInput, "\(text) is not a task's identifier")
        }
        return try await prefix.resolve(client)
    }
}
