/// The random numbers of one sweep: each task whose attempt it ends gets its own, so that tasks that fail
/// together do not retry together.
///
/// A task's number depends only on the base and the task's identifier, so every store gives the same task the
/// same number, whatever the order.
public struct SweepDraw: Sendable, Hashable {
    /// In 0..<1.
    public let base: Double
    /// False if every task gets the base itself.
    public let isSpread: Bool

    /// A different number for each task, from a random base.
    public init(_ random: any RandomSource) {
        self.init(base: random.draw(), isSpread: true)
    }

    private init(base: Double, isSpread: Bool) {
        self.base = base
        self.isSpread = isSpread
    }

    /// The same number for all tasks, in 0..<1; for tests.
    public static func same(_ draw: Double) -> SweepDraw {
        SweepDraw(base: draw, isSpread: false)
    }

    /// A different number for each task, from a known base in 0..<1.
    public static func spread(from base: Double) -> SweepDraw {
        SweepDraw(base: base, isSpread: true)
    }

    /// The task's number, in 0..<1.
    public func draw(for id: TaskID) -> Double {
        guard isSpread else { return base }
        // `sweep.lua` does the same, step by step; Lua has only doubles.
        let sum = base + Self.words(of: id).reduce(0) { $0 + Self.fraction($1.value * $1.factor) }
        return Self.fraction(sum)
    }

    /// The identifier in four parts, each with a factor whose multiples spread evenly over 0..<1: fractions of
    /// the golden ratio and of three square roots. Consecutive identifiers are spread as well as random ones.
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
