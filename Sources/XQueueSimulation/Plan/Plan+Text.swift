import XQueue
import XQueueCore

extension Plan {
    /// The plan for people, a line for each part.
    package var lines: [String] {
        ["\(nodes) nodes, \(workers) remote workers, grace period \(gracePeriod.text)"] + tasks.map(\.line)
            + faults.map(\.line) + schedules.map(\.line)
    }
}

extension PlannedTask {
    fileprivate var line: String {
        var words = ["task \(number): at \(submitAt.text), type \(type), priority \(priority)"]
        if let key { words.append("key \(key.key), limit \(key.limit)") }
        if let uniqueness { words.append(uniqueness.words) }
        if delay > .zero { words.append("delay \(delay.text)") }
        words.append("\(maxRetry) retries")
        if let queueTimeout { words.append("queue timeout \(queueTimeout.text)") }
        words.append("process timeout \(processTimeout.text)")
        words.append("attempts: " + work.map(\.words).joined(separator: ", then "))
        if let edit { words.append(edit.words) }
        if let cancelAt { words.append("canceled at \(cancelAt.text)") }
        if isRequeued { words.append("retried by its client") }
        return words.joined(separator: "; ")
    }
}

extension Uniqueness {
    fileprivate var words: String {
        "unique key \(key ?? ""), until \((until ?? .done).rawValue)"
            + (onConflict == .returnExisting ? "" : ", on conflict \(onConflict)")
    }
}

extension PlannedEdit {
    fileprivate var words: String {
        var words = ["edited at \(time.text): priority \(priority)", key.map { "key \($0.key)" } ?? "no key"]
        if let delay { words.append("delay \(delay.text)") }
        if isConditional { words.append("if it has not changed") }
        return words.joined(separator: ", ")
    }
}

extension PlannedSchedule {
    fileprivate var line: String {
        "schedule \(number): made at \(madeAt.text), paused at \(pausedAt.text), every \(period) s"
    }
}

extension PlannedWork {
    fileprivate var words: String {
        end == .stop
            ? "runs until it is stopped"
            : "\(end.rawValue) after \(duration.text)" + (isDeaf ? ", ignoring stops" : "")
    }
}

extension PlannedFault {
    fileprivate var line: String {
        "fault \(number): at \(start.text) for \(duration.text), \(words)"
    }

    private var words: String {
        switch kind {
        case .suspend: "\(machine) is suspended"
        case .crash: "\(machine) crashes"
        case .restart: "\(machine) is restarted"
        case .lose(let percent): "\(machine) loses \(percent) % of its messages"
        case .slow(let delay): "messages of \(machine) take up to \(delay) ms"
        case .blackout: "nobody can reach the store"
        case .step(let step): "the clock of \(machine) is set by \(step.text) for good"
        case .limit(let type, let limit): "type \(type) is limited to \(limit)"
        case .pause(let type): "type \(type) is paused"
        }
    }
}
