import Synchronization

/// Counts how many of each name are inside at once, and the most there ever were.
final class HighWater: Sendable {
    private struct Level {
        var now = 0
        var highest = 0
    }

    private let levels = Mutex<[String: Level]>([:])

    func enter(_ name: String) {
        levels.withLock { levels in
            var level = levels[name, default: Level()]
            level.now += 1
            level.highest = max(level.highest, level.now)
            levels[name] = level
        }
    }

    func leave(_ name: String) {
        levels.withLock { $0[name]?.now -= 1 }
    }

    func highest(of name: String) -> Int {
        levels.withLock { $0[name]?.highest ?? 0 }
    }

    var highest: Int {
        levels.withLock { $0.values.map(\.highest).max() ?? 0 }
    }
}
