import Testing
import XQueue
import XQueueTesting

/// The code of the article on testing.
@Suite("The article on testing") struct TestingArticle {
    @Test func handlerAsFunction() async throws {
        let result = try await Thumbnail().handle(.test(ThumbnailRequest(image: "cat.jpg", width: 200)))
        #expect(result.file == "200px-cat.jpg")
    }

    @Test func recordedAttempt() async throws {
        let attempt = try TestAttempt(ThumbnailRequest(image: "cat.jpg", width: 200), number: 2)
        _ = try await attempt.run(Thumbnail())
        #expect(attempt.progress.map(\.message) == ["scaling"])
    }

    @Test func wholeQueue() async throws {
        let queue = try TestQueue { manager in
            try manager.register(Thumbnail())
        }
        try await queue.manager.submit(Thumbnail.self, ThumbnailRequest(image: "cat.jpg", width: 200))
        let ended = try await queue.runUntilIdle()
        #expect(ended.map(\.status) == [.success])

        let requests = try await queue.submitted(Thumbnail.self)
        #expect(requests.map(\.image) == ["cat.jpg"])

        try await queue.manager.submit(
            Thumbnail.self, ThumbnailRequest(image: "dog.jpg", width: 200), .delay(.seconds(86_400)))
        #expect(try await queue.runUntilIdle().isEmpty)
        #expect(try await queue.runUntilIdle(within: .seconds(90_000)).count == 1)

        let result = try await queue.running {
            try await queue.manager.submitAndWait(
                Thumbnail.self, ThumbnailRequest(image: "owl.jpg", width: 200))
        }
        #expect(result.file == "200px-owl.jpg")
    }
}
