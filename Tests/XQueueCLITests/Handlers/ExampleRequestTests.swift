import Testing
import XQueue
import XQueueCore

@testable import XQueueCLI

/// The payload of an `example` task.
@Suite struct ExampleRequestTests {
    @Test func everythingMayBeLeftOut() throws {
        for text in ["{}", "null"] {
            let request = try ExampleRequest(RawJSON(text))
            #expect(request.message == "done")
            #expect(request.duration == .zero)
            #expect(request.steps == 0)
            #expect(request.failTimes == 0)
            #expect(!request.ignoreCancel)
        }
    }

    @Test func everythingMayBeGiven() throws {
        let request = try ExampleRequest(
            RawJSON(#"{"message":"Hällo","duration_ms":1500,"steps":3,"fail_times":2,"ignore_cancel":true}"#))
        #expect(request.message == "Hällo")
        #expect(request.duration == .milliseconds(1500))
        #expect(request.steps == 3)
        #expect(request.failTimes == 2)
        #expect(request.ignoreCancel)
    }

    @Test(arguments: [
        ("[1]", "the payload must be an object"),
        (#"{"message":1}"#, "payload.message must be text"),
        (#"{"duration_ms":-1}"#, "payload.duration_ms must be a whole number between 0 and 86400000"),
        (#"{"duration_ms":1.5}"#, "payload.duration_ms must be a whole number between 0 and 86400000"),
        (#"{"steps":"3"}"#, "payload.steps must be a whole number between 0 and 10000"),
        (#"{"fail_times":null}"#, "payload.fail_times must be a whole number between 0 and 1000"),
        (#"{"ignore_cancel":"yes"}"#, "payload.ignore_cancel must be true or false"),
        (#"{"duration":1}"#, "payload.duration is unknown"),
        (#""hello""#, "the payload must be an object"),
    ])
    func mistakesArePermanentAndListTheAllowedMembers(text: String, message: String) throws {
        let payload = try RawJSON(text)
        let failure = #expect(throws: TaskFailure.self) { try ExampleRequest(payload) }
        #expect(
            failure?.message == message
                + "; example takes message (text), duration_ms (0 to 86400000), steps (0 to 10000), "
                + "fail_times (0 to 1000) and ignore_cancel (true or false)")
        #expect(failure?.isPermanent == true)
    }
}
