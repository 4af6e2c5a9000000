import Testing
import XQueueClient
import XQueueCore

/// Edits of tasks on a real server.
@Suite struct EditServerTests {
    @Test func aTaskThatWaitsIsEdited() async throws {
        try await ClientServer.run { client in
            var submission = Submission(type: "later", payload: try RawJSON(#"{"to":"ann","cc":"bob"}"#))
            submission.uniqueKey = "u"
            submission.delay = .seconds(3600)
            let task = try await client.submit(submission)
            var edit = TaskEdit(resets: [.uniqueKey, .runAt])
            edit.priority = 9
            edit.payload = try RawJSON(#"{"to":"eve","cc":null}"#)
            edit.retryPolicy.delay = .seconds(7)
            let edited = try await client.edit(task.id, edit, version: task.version)
            #expect(edited.version == task.version + 1)
            #expect(edited.priority == 9)
            #expect(edited.payload.text == #"{"to":"eve"}"#)
            #expect(edited.uniqueKey == nil)
            #expect(edited.retryPolicy.delay == .seconds(7))
            #expect(edited.runAt < task.runAt)
            #expect(edited.pendingReason == .ready)
            #expect(try await client.task(task.id) == edited)
            let again = try await client.edit(task.id, RawJSON(#"{"priority":null}"#))
            #expect(again.priority == 0)
        }
    }

    @Test func aRejectedEditChangesNothing() async throws {
        try await ClientServer.run { client in
            var submission = Submission(type: "later")
            submission.uniqueKey = "taken"
            try await client.submit(submission)
            let task = try await client.submit(Submission(type: "later"))
            let taken = await #expect(throws: QueueClientError.self) {
                var edit = TaskEdit()
                edit.uniqueKey = "taken"
                try await client.edit(task.id, edit)
            }
            #expect(taken?.code == .uniqueKeyTaken)
            let conflict = await #expect(throws: QueueClientError.self) {
                try await client.edit(task.id, TaskEdit(resets: [.priority]), version: task.version + 1)
            }
            #expect(conflict?.code == .versionConflict)
            let wrong = await #expect(throws: QueueClientError.self) {
                try await client.edit(task.id, RawJSON(#"{"type":"other"}"#))
            }
            #expect(wrong?.field == "type")
            #expect(try await client.task(task.id) == task)
            try await client.cancel(task.id)
            let late = await #expect(throws: QueueClientError.self) {
                try await client.edit(task.id, TaskEdit(resets: [.priority]))
            }
            #expect(late?.code == .notPending)
            #expect(late?.status == 409)
        }
    }

    @Test func anEditIsAnEvent() async throws {
        try await ClientServer.run { client in
            var edits: [Bool] = []
            var id: TaskID?
            for try await event in client.watch(EventFilter(types: ["later"])) {
                guard event.kind == .status else {
                    if event.kind == .hello { id = try await client.submit(Submission(type: "later")).id }
                    continue
                }
                edits.append(event.isEdit)
                if edits.count == 1 {
                    try await client.edit(#require(id), TaskEdit(resets: [.priority]))
                } else {
                    #expect(event.taskID == id)
                    #expect(event.version == 2)
                    break
                }
            }
            #expect(edits == [false, true])
        }
    }
}
