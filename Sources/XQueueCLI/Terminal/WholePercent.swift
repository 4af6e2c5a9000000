/// How far a task is, as a server says it.
enum WholePercent {
    /// 0 to 100, whatever was said.
    static func of(_ percent: Double) -> Int {
        percent.isFinite ? Int(min(max(percent, 0), 100)) : 0
    }
}
