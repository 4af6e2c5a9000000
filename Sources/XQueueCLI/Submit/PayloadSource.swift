import Foundation
import XQueueCore

/// Where a payload comes from: the command line, a file, or standard input.
enum PayloadSource {
    /// The payload `text` names: JSON, `@FILE`, or `-`.
    ///
    /// - Throws: ``CommandError`` if it cannot be read or is not JSON.
    static func read(_ text: String) throws -> RawJSON {
        do {
            if text == "-" { return try RawJSON(bytes: try FileHandle.standardInput.readToEnd() ?? Data()) }
            if text.hasPrefix("@") { return try RawJSON(bytes: try contents(of: String(text.dropFirst()))) }
            return try RawJSON(text)
        } catch let error as JSONSyntaxError {
            let place = text == "-" ? "standard input" : text.hasPrefix("@") ? String(text.dropFirst()) : nil
            let hint = place == nil ? "; a string needs its quotes: '\"text\"'" : ""
            throw CommandError(.badInput, "\(place ?? "the payload") is not JSON: \(error)\(hint)")
        }
    }

    private static func contents(of path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw CommandError(.noInput, "cannot read \(path): \(error.localizedDescription)")
        }
    }
}
