import Testing
import XQueueClient
import XQueueCore

/// Tasks with unique keys, with and without members that other versions lack or have.
@Suite struct UniqueDecodingTests {
    private func task(_ more: String, pendingReason: String = #""ready""#) throws -> QueueTask {
        let text = """
            {"id":"01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f","type":"t","payload":null,"priority":0,"max_retry":3,\
            "queue_timeout":0,"process_timeout":60,"retry_policy":{"strategy":"fixed","delay":1,"max_delay":9,"jitter":0},\
            "status":"pending","pending_reason":\(pendingReason),"attempt":0,"retry_count":0,"errors":[],"version":1,\
            "created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z",\
            "run_at":"2026-01-01T00:00:00.000Z"\(more)}
            """
        return try ClientReply<QueueTask>(status: 200, text: text).decoded()
    }

    @Test func theRuleIsDecoded() throws {
        let task = try task(
            #","unique_key":"k","unique":{"key":"k","until":"window","window":1.5,"across_types":true}"#)
        #expect(task.uniqueKey == "k")
        let unique = try #require(task.unique)
        #expect(unique.key == "k")
        #expect(unique.until == .window)
        #expect(unique.window == .milliseconds(1500))
        #expect(unique.isAcrossTypes)
    }

    @Test func whatOtherVersionsLackOrHaveDoesNoHarm() throws {
        let old = try task(#","unique_key":"k""#)
        #expect(old.uniqueKey == "k" && old.unique == nil)
        #expect(try task(#","unique_key":null,"unique":null"#).unique == nil)
        let new = try task(
            #","unique":{"key":"k","until":"noon","window":null,"across_types":false,"colour":1}"#)
        #expect(new.unique?.until.rawValue == "noon")
        #expect(new.unique?.window == nil)
    }

    @Test func whatATaskWaitsForMayBeUnknown() throws {
        #expect(try task("", pendingReason: #""blocked""#).pendingReason == .blocked)
        #expect(try task("", pendingReason: #""moonlight""#).pendingReason == nil)
        #expect(try task("", pendingReason: "null").pendingReason == nil)
    }

    @Test func theAnswerToASubmissionIsDecoded() throws {
        let plain = try task("")
        #expect(!plain.isDeduplicated && !plain.isReplaced && plain.rejection == nil)
        let deduplicated = try task(#","deduplicated":true"#)
        #expect(deduplicated.isDeduplicated && !deduplicated.isReplaced)
        let replaced = try task(#","replaced":true"#)
        #expect(replaced.isReplaced && !replaced.isDeduplicated)
        #expect(try task(#","rejected":"not_unique""#).rejection == .notUnique)
        #expect(try task(#","rejected":"too_late""#).rejection?.rawValue == "too_late")
    }
}
