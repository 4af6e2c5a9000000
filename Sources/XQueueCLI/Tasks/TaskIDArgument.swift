import ArgumentParser
import Foundation
import XQueueCore

/// Identifiers on the command line, or on standard input where `-` stands.
enum TaskIDArgument {
    /// - Throws: `ValidationError` naming the first that is none.
    static func check(_ texts: [String]) throws {
        for text in texts where text != "-" && TaskID(text) == nil {
            throw ValidationError("\(text) is not a task's identifier")
        }
    }

    /// The tasks that are named, in order; standard input holds one or more on each line.
    ///
    /// - Throws: ``CommandError`` naming the first word on standard input that is no identifier.
    static func read(_ texts: [String]) throws -> [TaskID] {
        try texts.flatMap { text in
            guard text == "-" else { return TaskID(text).map { [$0] } ?? [] }
            let input = try FileHandle.standardInput.readToEnd() ?? Data()
            return try String(decoding: input, as: UTF8.self).split(whereSeparator: \.isWhitespace).map {
                word in
                guard let id = TaskID(String(word)) else {
                    throw CommandError(.badInput, "\(word) is not a task's identifier")
                }
                return id
            }
        }
    }
}
