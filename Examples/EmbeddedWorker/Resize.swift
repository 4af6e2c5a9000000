import XQueue

struct ResizeRequest: Codable, Sendable {
    var image: String
    var width: Int
}

struct ResizeResult: Codable, Sendable {
    var image: String
}

/// Pretends to resize an image. A real one would do its work where this one waits.
struct Resize: TaskHandler {
    static let type = "resize"

    func handle(_ task: TaskContext<ResizeRequest>) async throws -> ResizeResult {
        task.report(progress: 50, message: "resizing")
        try await Task.sleep(for: .milliseconds(20))
        return ResizeResult(image: "\(task.payload.width)px-\(task.payload.image)")
    }
}
