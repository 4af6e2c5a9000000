import Foundation
import Synchronization

/// A temporary working directory for the servers of a test or benchmark, removed with this object.
package final class ServerFolder: Sendable {
    package let path: String
    private let numbers = Mutex(0)

    /// - Parameter parent: Folder to create it in; nil for the system's temporary folder.
    package init(in parent: String? = nil) throws {
        let parent = parent ?? FileManager.default.temporaryDirectory.path
        path = URL(filePath: parent).appending(path: "xqueue-e2e-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        Janitor.shared.remove(path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    package func nextNumber() -> Int {
        numbers.withLock { number in
            number += 1
            return number
        }
    }

    package func write(_ name: String, _ text: String, executable: Bool = false) throws {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        if executable {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        }
    }

    package func read(_ name: String) -> String {
        (try? String(contentsOfFile: path + "/" + name, encoding: .utf8)) ?? ""
    }
}
