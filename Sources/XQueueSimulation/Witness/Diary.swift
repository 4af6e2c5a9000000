import XQueue
import XQueueCore

/// What the attempts themselves have seen, whatever the queue says about them.
final class Diary: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    private let witness: Witness
    private(set) var entries: [DiaryEntry] = []
    /// The open entries of each task.
    private var open: [TaskID: [DiaryEntry]] = [:]
    private var attempts: [Int: Int] = [:]

    init(_ witness: Witness) {
        self.witness = witness
    }

    /// Notes that an attempt starts.
    ///
    /// - Parameters:
    ///   - task: What it is to do: the definition that the task has taken over, if it was rewritten.
    ///   - id: The task.
    ///   - process: Where it runs.
    func begin(_ task: PlannedTask, of id: TaskID, in process: MachineProcess) -> DiaryEntry {
        let attempt = attempts[task.number, default: 0]
        attempts[task.number] = attempt + 1
        let work = task.work[min(attempt, task.work.count - 1)]
        let entry = DiaryEntry(
            number: entries.count, taskID: id, task: task, work: work, process: process,
            startedAt: witness.time)
        for other in open[id] ?? [] { witness.overlap(of: other, with: entry) }
        entries.append(entry)
        open[id, default: []].append(entry)
        return entry
    }

    /// Notes that an attempt was asked to stop.
    func stopped(_ entry: DiaryEntry, _ reason: StopReason?) {
        entry.stopReason = reason
        witness.stopped(entry, reason)
    }

    /// Notes that an attempt has ended.
    func end(_ entry: DiaryEntry) {
        open[entry.taskID]?.removeAll { $0 === entry }
    }

    /// The last attempt of a task in a process.
    func lastEntry(of task: TaskID, in process: String?) -> DiaryEntry? {
        entries.last { $0.taskID == task && $0.process.name == process }
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
    let taskID: TaskID
    /// Whose work it is.
    let task: PlannedTask
    let work: PlannedWork
    let process: MachineProcess
    let startedAt: Int64
    var stopReason: StopReason?

    init(
        number: Int, taskID: TaskID, task: PlannedTask, work: PlannedWork, process: MachineProcess,
        startedAt: Int64
    ) {
        self.number = number
        self.taskID = taskID
        self.task = task
        self.work = work
        self.process = process
        self.startedAt = startedAt
    }
}
