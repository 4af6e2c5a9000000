package import XQueueCore

/// What a target keeps of the transfer that leads to it: from where, and how far it was before the latest page. That one
/// is taken once more when the transfer is resumed, which changes nothing and tells again what became of its tasks.
package struct TransferNote: Sendable, Hashable {
    /// Tells the source's data from any other.
    package var source: String
    /// The source, for people.
    package var from: String
    /// The source's last event: while nobody works on the source it stays the same.
    package var events: EventCursor
    /// After which task the latest page begins; nil for the first one.
    package var after: TaskCursor?
    /// What became of the tasks before that.
    package var outcomes: [Adoption: Int] = [:]
    /// The first of them that are not in the target as they were.
    package var conflicts: [TaskID] = []
    /// When the last task was there, by the target's clock; nil if it is not yet.
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

    /// Nil if the text is no note of this version.
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
