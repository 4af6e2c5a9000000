import Testing
import XQueueClient
import XQueueCore

/// The unique key of a submission as sent.
@Suite struct UniqueRequestTests {
    private func json(_ unique: Submission.Unique) -> String {
        var submission = Submission(type: "t")
        submission.unique = unique
        return submission.json
    }

    @Test func everyFieldIsSent() {
        let unique = Submission.Unique(
            key: "k", by: ["customer.id", "kind"], until: .window, window: .milliseconds(1500),
            isAcrossTypes: true,
            onConflict: .reject)
        #expect(
            json(unique) == """
                {"type":"t","unique":{"key":"k","by":["customer.id","kind"],"until":"window","window":1.5,\
                "across_types":true,"on_conflict":"reject"}}
                """)
    }

    @Test func onlyWhatIsGivenIsSent() {
        #expect(json(.init(key: "k")) == #"{"type":"t","unique":{"key":"k"}}"#)
        #expect(json(.init(by: [])) == #"{"type":"t","unique":{"by":[]}}"#)
        #expect(
            json(.init(key: "k", until: .started)) == #"{"type":"t","unique":{"key":"k","until":"started"}}"#)
        var short = Submission(type: "t")
        short.uniqueKey = "k"
        #expect(short.json == #"{"type":"t","unique_key":"k"}"#)
    }

    @Test(
        arguments: [
            (.returnExisting, #""return""#), (.replace, #""replace""#), (.rerun, #""rerun""#),
            (.debounce(wait: .seconds(5)), #""debounce","wait":5"#),
            (
                .debounce(wait: .milliseconds(500), maxWait: .seconds(60), keepsFirst: true),
                #""debounce","wait":0.5,"max_wait":60,"keep":"first""#
            ),
        ] as [(Submission.Unique.Conflict, String)])
    func conflicts(conflict: Submission.Unique.Conflict, sent: String) {
        #expect(
            json(.init(key: "k", onConflict: conflict))
                == #"{"type":"t","unique":{"key":"k","on_conflict":\#(sent)}}"#)
    }
}
