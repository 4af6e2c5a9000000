import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import XQueueCore

/// A reply of the API, for inspection by tests.
struct APIReply {
    let status: Int
    let headers: HTTPFields
    let text: String

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        text = String(buffer: response.body)
    }

    init(json: RawJSON) {
        status = 0
        headers = [:]
        text = json.text
    }

    /// The raw value at a path of member names.
    func raw(_ path: String...) -> String? {
        var value: RawJSON? = RawJSON(trusted: text)
        for name in path {
            value = (try? value?.members())??.first { $0.name == name }?.value
        }
        return value?.text
    }

    func string(_ name: String) -> String? {
        raw(name).flatMap { RawJSON(trusted: $0).string }
    }

    func integer(_ name: String) -> Int? {
        raw(name).flatMap { Int($0) }
    }

    func number(_ name: String) -> Double? {
        raw(name).flatMap { RawJSON(trusted: $0).number }
    }

    func elements(_ name: String) -> [APIReply] {
        let elements = raw(name).flatMap { try? RawJSON(trusted: $0).elements() }
        return (elements ?? []).map { APIReply(json: $0) }
    }

    var memberNames: [String] {
        (try? RawJSON(trusted: text).members())?.map(\.name) ?? []
    }

    /// The same task as the answer to another submission.
    var deduplicated: String { text.dropLast() + #","deduplicated":true}"# }

    /// Checks that the error has exactly these members.
    func expectError(
        _ status: Int, _ code: String, field: String? = nil, says words: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.status == status, "\(text)", sourceLocation: sourceLocation)
        #expect(string("code") == code, "\(text)", sourceLocation: sourceLocation)
        #expect(string("field") == field, "\(text)", sourceLocation: sourceLocation)
        #expect(
            string("error")?.contains(words) == true || words.isEmpty, "\(text)",
            sourceLocation: sourceLocation)
        #expect(
            memberNames == (field == nil ? ["error", "code"] : ["error", "code", "field"]),
            sourceLocation: sourceLocation)
        #expect(
            headers[.contentType] == "application/json; charset=utf-8", sourceLocation: sourceLocation)
    }
}
