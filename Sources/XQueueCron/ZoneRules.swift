/// The offsets of a time zone from UTC, in seconds east of Greenwich.
public struct ZoneRules: Sendable {
    /// Maximum offset of a zone; real ones are up to 15 hours 13 minutes.
    static let maxOffset = 18 * 3600
    /// Further away than any time that is asked for, but sums with it do not overflow.
    static let farAway = 1 << 59

    /// A span of time with the same offset. Times are in seconds since 1970.
    struct Segment: Equatable {
        var start = -ZoneRules.farAway
        /// When the next segment starts.
        var end = ZoneRules.farAway
        var offset: Int
        /// The offset before `start`.
        var previous: Int
        /// The offset from `end` on.
        var next: Int
    }

    /// Where an offset changes, ascending, with the offset from then on.
    private let changes: [Change]
    private let firstOffset: Int
    private let footer: ZoneFooter?

    private struct Change: Sendable {
        let at: Int
        let offset: Int
    }

    public static let utc = ZoneRules(changes: [], firstOffset: 0, footer: nil)

    init(_ file: ZoneFile) {
        // Changes of the name only, or of daylight saving time against standard time, are none.
        var changes: [Change] = []
        for (at, offset) in file.changes where offset != changes.last?.offset ?? file.firstOffset {
            changes.append(Change(at: at, offset: offset))
        }
        // Where the rule takes over.
        if let last = file.changes.last, changes.last?.at != last.at {
            changes.append(Change(at: last.at, offset: last.offset))
        }
        self.init(changes: changes, firstOffset: file.firstOffset, footer: file.footer)
    }

    private init(changes: [Change], firstOffset: Int, footer: ZoneFooter?) {
        self.changes = changes
        self.firstOffset = firstOffset
        self.footer = footer
    }

    /// The offset at a time, in seconds.
    public func offset(at time: Int) -> Int { segment(at: time).offset }

    func segment(at time: Int) -> Segment {
        let known = changes.partitioningIndex { $0.at > time }
        guard footer?.daylight != nil, known >= changes.count - 1 else {
            return segment(before: known, in: changes)
        }
        // The rule's changes of the years around, after the last known one.
        let last = changes.last ?? Change(at: -Self.farAway, offset: footer?.standard ?? firstOffset)
        let year = CivilDate(dayNumber: floorDivide(max(time, last.at), CivilDate.secondsPerDay)).year
        var all = Array(changes.suffix(4))
        for near in year - 2...year + 2 {
            for (at, offset) in footer?.changes(in: near).sorted(by: { $0.at < $1.at }) ?? []
            where at > last.at {
                // Of changes at the same time, the last one counts.
                while let before = all.last, before.at >= at, before.at > last.at { all.removeLast() }
                all.append(Change(at: at, offset: offset))
            }
        }
        return segment(before: all.partitioningIndex { $0.at > time }, in: all)
    }

    /// The segment that ends with the change at `index`, without those that change nothing.
    private func segment(before index: Int, in changes: [Change]) -> Segment {
        let offset = index > 0 ? changes[index - 1].offset : firstOffset
        var segment = Segment(offset: offset, previous: offset, next: offset)
        if let next = changes[index...].first(where: { $0.offset != offset }) {
            segment.end = next.at
            segment.next = next.offset
        }
        if let other = changes[..<index].lastIndex(where: { $0.offset != offset }) {
            segment.start = changes[other + 1].at
            segment.previous = changes[other].offset
        } else if let first = changes[..<index].first, firstOffset != offset,
            first.at == self.changes.first?.at
        {
            segment.start = first.at
            segment.previous = firstOffset
        }
        return segment
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element meets the condition, which all later ones do, too.
    fileprivate func partitioningIndex(_ isAfter: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
