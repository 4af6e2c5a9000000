import XQueueClient
import XQueueCore

// The code of `XQueueClient.docc`, which quotes parts of this file verbatim: `ArticleTests` compares them, and
// `QueueClientTests` runs the code.

enum ClientArticle {
    static func submit(url: String, token: String?) async throws -> QueueTask {
        let client = try QueueClient(QueueClient.Configuration(url: url, token: token))
        var mail = Submission(type: "mail", payload: try RawJSON(#"{"to":"ann"}"#))
        mail.uniqueKey = "welcome-ann"
        let id = try await client.submit(mail).id
        let task = try await client.end(of: id)
        await client.shutDown()
        return task
    }

    static func watch(_ client: QueueClient) async throws {
        for try await event in client.watch(EventFilter(types: ["mail"])) {
            guard event.kind == .status, event.status == .failed else { continue }
            print(event.error ?? "")
        }
    }

    static func build(_ client: QueueClient) async throws -> QueueTask {
        var build = Submission(type: "build", payload: try RawJSON(#"{"branch":"main","commit":"8c2f"}"#))
        build.unique = Submission.Unique(by: ["branch"], onConflict: .rerun)
        let task = try await client.submit(build)
        print(task.isReplaced ? "the build that waits was updated" : "a build was submitted")
        return task
    }

    static func edit(_ task: QueueTask, _ client: QueueClient) async throws {
        var edit = TaskEdit(resets: [.uniqueKey])
        edit.priority = 9
        try await client.edit(task.id, edit, version: task.version)
    }

    static func schedule(_ client: QueueClient) async throws {
        var nightly = ScheduleDefinition(
            .init(.cron("30 2 * * *"), timeZone: "Europe/Berlin"), task: Submission(type: "report"))
        nightly.overlap = .skip
        try await client.setSchedule("nightly", nightly)
        let next = try await client.schedule("nightly")?.nextTicks.first
        print(next?.local ?? "never")
    }

    static func work(_ client: QueueClient) async throws {
        let batch = try await client.lease(["mail"], as: "mailer-1", wait: .seconds(20))
        for leased in batch.leases {
            try await client.complete(leased.lease, result: leased.task.payload)
        }
    }
}
