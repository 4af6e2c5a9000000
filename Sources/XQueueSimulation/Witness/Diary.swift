import XQueue
import XQueueCore

/// What the attempts themselves have seen, whatever the queue says about them.
final class Diary: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    private let witness: Witness
    private(set) var entries: [DiaryEntry] = []
    /// The open entries of each task.
    private var open: [Int: [DiaryEntry]] = [:]
    private var attempts: [Int: Int] = [:]

    init(_ witness: Witness) {
        self.witness = witness
    }

    /// Notes that an attempt starts.
    func begin(_ task: PlannedTask, in process: MachineProcess) -> DiaryEntry {
        let attempt = attempts[task.number, default: 0]
        attempts[task.number] = attempt + 1
        let work = task.work[min(attempt, task.work.count - 1)]
        let entry = DiaryEntry(
            number: entries.count, task: task, work: work, process: process, startedAt: witness.time)
        for other in open[task.number] ?? [] { witness.overlap(of: other, with: entry) }
        entries.append(entry)
        open[task.number, default: []].append(entry)
        return entry
    }

    /// Notes that an attempt was asked to stop.
    func stopped(_ entry: DiaryEntry, _ reason: StopReason?) {
        entry.stopReason = reason
        witness.stopped(entry, reason)
    }

    /// Notes that an attempt has ended.
    func end(_ entry: DiaryEntry) {
        open[entry.task.number]?.removeAll { $0 === entry }
    }

    /// The last attempt of a task in a process.
    func lastEntry(of task: TaskID, in process: String?) -> DiaryEntry? {
        entries.last { $0.task.id == task && $0.process.name == process }
    }

    /// How many attempts run in a process.
    func running(in process: MachineProcess) -> Int {
        open.values.reduce(0) { $0 + $1.count { $0.process === process } }
    }
}

/// One attempt, as its worker saw it.
final class DiaryEntry: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    let number: Int
    let task: PlannedTask
    let work: PlannedWork
    let process: MachineProcess
    let startedAt: Int64
    var stopReason: StopReason?

    init(number: Int, task: PlannedTask, work: PlannedWork, process: MachineProcess, startedAt: Int64) {
        self.number = number
        self.task = task
        self.work = work
        self.process = process
        self.startedAt = startedAt
    }
}
