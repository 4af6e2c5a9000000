/// The random numbers of one sweep: each task whose attempt it ends gets one of its own, so that tasks that fail
/// together do not come back together.
///
/// A task's number depends on the base and its identifier alone, so every store gives the same task the same one,
/// in whatever order it takes the tasks.
public struct SweepDraw: Sendable, Hashable {
    /// 0..<1.
    public let base: Double
    /// False if every task gets the base itself.
    public let isSpread: Bool

    /// A number for each task, from a random base.
    public init(_ random: any RandomSource) {
        self.init(base: random.draw(), isSpread: true)
    }

    private init(base: Double, isSpread: Bool) {
        self.base = base
        self.isSpread = isSpread
    }

    /// The same number for all tasks, 0..<1; for tests.
    public static func same(_ draw: Double) -> SweepDraw {
        SweepDraw(base: draw, isSpread: false)
    }

    /// A number for each task, from a base that is known, 0..<1.
    public static func spread(from base: Double) -> SweepDraw {
        SweepDraw(base: base, isSpread: true)
    }

    /// The task's number, 0..<1.
    public func draw(for id: TaskID) -> Double {
        guard isSpread else { return base }
        // `sweep.lua` does the same, step by step: doubles are all that Lua has.
        let sum = base + Self.words(of: id).reduce(0) { $0 + Self.fraction($1.value * $1.factor) }
        return Self.fraction(sum)
    }

    /// The identifier in four parts, each with a factor whose multiples are spread evenly over 0..<1: those of the
    /// golden ratio and of three square roots. So identifiers that are counted up are spread as well as random ones.
    private static func words(of id: TaskID) -> [(value: Double, factor: Double)] {
        [
            (Double(id.high >> 32), 0.6180339887498949), (Double(id.high & 0xFFFF_FFFF), 0.4142135623730951),
            (Double(id.low >> 32), 0.7320508075688772), (Double(id.low & 0xFFFF_FFFF), 0.2360679774997898),
        ]
    }

    private static func fraction(_ number: Double) -> Double {
        number - number.rounded(.down)
    }
}

extension SweepDraw: ExpressibleByFloatLiteral {
    /// The same number for all tasks.
    public init(floatLiteral draw: Double) {
        self = .same(draw)
    }
}
