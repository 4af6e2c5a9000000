import Foundation

/// A folder for the databases of a benchmark, which goes when it is over.
final class BenchFolder: Sendable {
    private let path: String
    private let number: Counter = Counter()

    init(_ parent: String?) throws {
        let parent = parent ?? FileManager.default.temporaryDirectory.path
        path = "\(parent)/xqueue-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The path of a new database.
    func database() -> String { "\(path)/\(number.next()).db" }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
