package import XQueueCore

/// A transfer's progress, stored in its target: the source, and how far the transfer was before the latest page. When
/// the transfer is resumed, that page is adopted again, which changes nothing and reports the outcomes of its tasks
/// anew.
package struct TransferNote: Sendable, Hashable {
    /// Identifies the source's data.
    package var source: String
    /// The source's name, for people.
    package var from: String
    /// The source's last event, which changes if the source is used meanwhile.
    package var events: EventCursor
    /// Where the latest page starts; nil for the first one.
    package var after: TaskCursor?
    /// The outcomes of the tasks before that.
    package var outcomes: [Adoption: Int] = [:]
    /// The first of those tasks that are missing from the target, or differ there.
    package var conflicts: [TaskID] = []
    /// When the transfer was complete, by the target's clock; nil if it is not yet.
    package var endedAt: Timestamp?

    package init(source: String, from: String, events: EventCursor) {
        self.source = source
        self.from = from
        self.events = events
    }
}

extension TransferNote: LosslessStringConvertible {
    /// JSON.
    package var description: String {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.member("source", source)
            writer.member("from", from)
            writer.member("events", events.description)
            writer.member("after", after?.description)
            for adoption in Adoption.allCases { writer.member(adoption.rawValue, outcomes[adoption]) }
            writer.name("conflicts")
            writer.array(conflicts) { $0.value($1.description) }
            writer.member("ended_at", endedAt?.milliseconds)
        }
        return writer.text
    }

    /// Nil if the text is not a note of this version.
    package init?(_ description: String) {
        guard let members = try? RawJSON.members(of: description) else { return nil }
        let values = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        guard let source = values["source"]?.string, let from = values["from"]?.string,
            let events = values["events"]?.string.flatMap({ EventCursor($0) })
        else { return nil }
        self.init(source: source, from: from, events: events)
        after = values["after"]?.string.flatMap { TaskCursor($0) }
        for adoption in Adoption.allCases {
            outcomes[adoption] = values[adoption.rawValue]?.integer.flatMap { Int(exactly: $0) }
        }
        conflicts = ((try? values["conflicts"]?.elements()) ?? []).compactMap {
            $0.string.flatMap { TaskID($0) }
        }
        endedAt = values["ended_at"]?.integer.map { Timestamp(milliseconds: $0) }
    }
}
