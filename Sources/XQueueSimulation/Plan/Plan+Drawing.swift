import XQueue
import XQueueCore

extension Plan {
    /// The types that nodes serve, and the one that only remote workers serve.
    static let nodeTypes = ["a", "b", "c"]
    static let remoteType = "r"
    /// The type that its handlers limit, to another number in the next version.
    static let limitedType = "c"
    /// The type that only nodes of the next version serve: those that were started again.
    static let nextType = "next"
    /// The type of the tasks of schedules, which nobody serves.
    static let tickType = "tick"

    /// Draws a plan.
    package init(seed: UInt64) {
        let dice = Dice(seed: seed, "plan")
        self.seed = seed
        nodes = 1 + dice.below(3)
        workers = dice.chance(40) ? 1 + dice.below(2) : 0
        gracePeriod = dice.pick([.milliseconds(200), .seconds(2), .seconds(2)])
        tasks = []
        faults = []
        schedules = []
        let length = 5000 + dice.below(40_000)
        let ids = TaskIDGenerator(random: Dice(seed: seed, "ids")) { SimulatedClock.epoch }
        for number in 0..<(1 + dice.below(40)) {
            tasks.append(drawTask(number, ids.next(), within: length, dice))
        }
        drawUniqueness(Dice(seed: seed, "unique"))
        let most = dice.below(9)
        for number in 0..<most { faults.append(drawFault(number, within: length, dice)) }
        schedules = Self.drawSchedules(within: length, Dice(seed: seed, "schedules"))
    }

    private func drawTask(_ number: Int, _ id: TaskID, within length: Int, _ dice: Dice) -> PlannedTask {
        let submitAt = dice.milliseconds(0...length)
        let keyNumber = dice.below(3)
        var types = Self.nodeTypes
        if seed % 4 == 0 { types.append(Self.nextType) }
        if workers > 0 { types += [Self.remoteType, Self.remoteType] }
        return PlannedTask(
            number: number, id: id, submitAt: submitAt, type: dice.pick(types),
            priority: Int32(dice.below(3)),
            key: dice.chance(50) ? ConcurrencyLimit(key: "k\(keyNumber)", limit: keyNumber + 1) : nil,
            uniqueness: dice.chance(10) ? Uniqueness(key: "u\(dice.below(3))") : nil,
            delay: dice.chance(20) ? dice.milliseconds(1...8000) : .zero,
            maxRetry: dice.below(4),
            queueTimeout: dice.chance(15) ? dice.milliseconds(2000...40_000) : nil,
            processTimeout: dice.milliseconds(3000...12_000),
            work: Self.drawWork(dice),
            edit: drawEdit(of: number, submittedAt: submitAt, Dice(seed: seed, "edit \(number)")),
            cancelAt: dice.chance(15) ? submitAt + dice.milliseconds(0...10_000) : nil,
            isRequeued: dice.chance(30))
    }

    /// In some plans many tasks have keys whose holders are rewritten or waited for: those of one key have one type.
    private mutating func drawUniqueness(_ dice: Dice) {
        guard dice.chance(30) else { return }
        for index in tasks.indices where dice.chance(40) {
            let number = dice.below(3)
            tasks[index].type = Self.nodeTypes[number]
            tasks[index].uniqueness =
                switch number {
                case 0: Uniqueness(key: "rerun", onConflict: .rerun)
                case 1: Uniqueness(key: "replace", onConflict: dice.pick([.replace, .replace, .reject]))
                default:
                    Uniqueness(
                        key: "started", until: .started, onConflict: dice.pick([.replace, .returnExisting]))
                }
        }
    }

    private func drawEdit(of number: Int, submittedAt time: Duration, _ dice: Dice) -> PlannedEdit? {
        guard dice.chance(25) else { return nil }
        let keyNumber = dice.below(3)
        return PlannedEdit(
            time: time + dice.milliseconds(0...dice.pick([100, 1000, 6000])), priority: Int32(dice.below(5)),
            key: dice.chance(50) ? ConcurrencyLimit(key: "k\(keyNumber)", limit: keyNumber + 1) : nil,
            delay: dice.chance(40) ? dice.pick([.zero, .milliseconds(300), .seconds(4)]) : nil,
            isConditional: dice.chance(50))
    }

    private static func drawSchedules(within length: Int, _ dice: Dice) -> [PlannedSchedule] {
        guard dice.chance(40) else { return [] }
        return (0...dice.below(2)).map { number in
            let times = [dice.milliseconds(0...length), dice.milliseconds(0...length)].sorted()
            return PlannedSchedule(
                number: number, madeAt: times[0], pausedAt: times[1], period: 1 + dice.below(8))
        }
    }

    private static func drawWork(_ dice: Dice) -> [PlannedWork] {
        var work = (0...dice.below(3)).map { _ in drawAttempt(dice) }
        // The last one repeats, and must come to an end.
        if let last = work.popLast() {
            work.append(
                last.end == .snooze ? PlannedWork(duration: last.duration, end: .success) : last)
        }
        return work
    }

    private static func drawAttempt(_ dice: Dice) -> PlannedWork {
        let duration = dice.milliseconds(dice.chance(70) ? 1...1500 : 1500...14_000)
        let end: PlannedWork.End =
            switch dice.below(100) {
            case 0..<65: .success
            case 65..<80: .failure
            case 80..<83: .permanentFailure
            case 83..<90: .snooze
            default: .stop
            }
        return PlannedWork(duration: duration, end: end, isDeaf: end != .stop && dice.chance(8))
    }

    private func drawFault(_ number: Int, within length: Int, _ dice: Dice) -> PlannedFault {
        let index = dice.below(nodes + workers)
        let machine = index < nodes ? MachineName.node(index) : .worker(index - nodes)
        let kind: PlannedFault.Kind =
            switch dice.below(100) {
            case 0..<18: .suspend
            case 18..<32: .crash
            case 32..<44: .restart
            case 44..<62: .lose(dice.pick([10, 30, 60, 100]))
            case 62..<68: .slow(dice.pick([200, 900]))
            case 68..<71: .blackout
            case 71..<88: .step(Self.drawStep(dice))
            case 88..<94: .limit(dice.pick(Self.nodeTypes), 1 + dice.below(2))
            default: .pause(dice.pick(Self.nodeTypes))
            }
        return PlannedFault(
            number: number, start: dice.milliseconds(0...length),
            duration: dice.milliseconds(dice.chance(60) ? 100...8000 : 8000...25_000), machine: machine,
            kind: kind)
    }

    private static func drawStep(_ dice: Dice) -> Duration {
        let size = dice.pick([1, 4, 20, 60, 3600, 172_800])
        return .seconds(dice.chance(50) ? size : -size)
    }
}
