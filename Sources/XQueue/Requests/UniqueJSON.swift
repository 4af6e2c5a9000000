import XQueueCore

/// The JSON form of the member `unique` of a submission.
enum UniqueJSON {
    private enum Conflict: String, CaseIterable {
        case returnExisting = "return"
        case reject, replace, rerun, debounce
    }

    private enum Kept: String, CaseIterable {
        case first, latest
    }

    // MARK: - Reading

    static func uniqueness(_ member: JSONMember, _ outer: FieldReader) throws(QueueError) -> Uniqueness {
        guard let members = try? member.value.members() else {
            throw outer.invalid(member, "must be an object")
        }
        let fields = FieldReader(prefix: outer.prefix + member.name + ".")
        var uniqueness = Uniqueness()
        var conflict = Conflict.returnExisting
        var (wait, maxWait, kept) = (Duration?.none, Duration?.none, Kept?.none)
        try fields.each(of: members) { member throws(QueueError) in
            let isNull = member.value.kind == .null
            switch member.name {
            case "key": if !isNull { uniqueness.key = try fields.string(member) }
            case "by": if !isNull { uniqueness.by = try paths(member, fields) }
            case "until": if !isNull { uniqueness.until = try word(member, fields) }
            case "window": if !isNull { uniqueness.window = try fields.seconds(member) }
            case "across_types": if !isNull { uniqueness.isAcrossTypes = try fields.boolean(member) }
            case "on_conflict": if !isNull { conflict = try word(member, fields) }
            case "wait": if !isNull { wait = try fields.seconds(member) }
            case "max_wait": if !isNull { maxWait = try fields.seconds(member) }
            case "keep": if !isNull { kept = try word(member, fields) }
            default: throw fields.unknown(member)
            }
        }
        guard conflict == .debounce || (wait == nil && maxWait == nil && kept == nil) else {
            throw .invalid(
                fields.prefix + "on_conflict", "must be \"debounce\" with wait, max_wait or keep")
        }
        switch conflict {
        case .returnExisting: uniqueness.onConflict = .returnExisting
        case .reject: uniqueness.onConflict = .reject
        case .replace: uniqueness.onConflict = .replace
        case .rerun: uniqueness.onConflict = .rerun
        case .debounce:
            guard let wait else {
                throw .invalid(fields.prefix + "wait", "is required with on_conflict \"debounce\"")
            }
            uniqueness.onConflict = .debounce(
                .init(
                    wait: wait, maxWait: maxWait ?? min(wait * 10, ModelLimits.maxDuration),
                    keepsFirst: kept == .first))
        }
        return uniqueness
    }

    private static func paths(_ member: JSONMember, _ fields: FieldReader) throws(QueueError) -> [String] {
        let paths = (try? member.value.elements())?.map { $0.kind == .string ? $0.string : nil }
        guard let paths, !paths.contains(nil) else {
            throw fields.invalid(member, "must be an array of strings")
        }
        return paths.compactMap(\.self)
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ member: JSONMember, _ fields: FieldReader
    ) throws(QueueError) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: try fields.string(member)) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.invalid(member, "must be one of \(words)")
        }
        return word
    }

    // MARK: - Writing

    static func write(
        _ rule: UniqueRule, _ conflict: UniqueConflict = .returnExisting, to writer: inout JSONWriter,
        hasKey: Bool = true
    ) {
        writer.object { writer in
            if hasKey { writer.member("key", rule.key) }
            writer.member("until", rule.until.rawValue)
            writer.member("window", rule.window)
            writer.member("across_types", rule.isAcrossTypes)
            guard conflict != .returnExisting else { return }
            writer.member("on_conflict", name(of: conflict).rawValue)
            guard case .debounce(let debounce) = conflict else { return }
            writer.member("wait", debounce.wait)
            writer.member("max_wait", debounce.maxWait)
            writer.member("keep", (debounce.keepsFirst ? Kept.first : .latest).rawValue)
        }
    }

    private static func name(of conflict: UniqueConflict) -> Conflict {
        switch conflict {
        case .returnExisting: .returnExisting
        case .reject: .reject
        case .replace: .replace
        case .rerun: .rerun
        case .debounce: .debounce
        }
    }
}
