/// What one field allows.
struct CronField {
    let name: String
    let range: ClosedRange<Int>
    /// The range that `H` picks from.
    let hashRange: ClosedRange<Int>
    /// Names for the values from the range's start on.
    var names: [String] = []
    /// Whether `L` is its last value.
    var hasLast = false
    /// Whether it is the days of the week: 7 is 0 again, and there are numbered and last ones.
    var isWeekday = false

    static let second = CronField(name: "second", range: 0...59, hashRange: 0...59)
    static let minute = CronField(name: "minute", range: 0...59, hashRange: 0...59)
    static let hour = CronField(name: "hour", range: 0...23, hashRange: 0...23)
    static let day = CronField(name: "day of the month", range: 1...31, hashRange: 1...28, hasLast: true)
    static let month = CronField(
        name: "month", range: 1...12, hashRange: 1...12,
        names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
    static let weekday = CronField(
        name: "day of the week", range: 0...7, hashRange: 0...6,
        names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], isWeekday: true)

    /// A field's parsed text.
    struct Value {
        /// The values, as bits.
        var mask: UInt64 = 0
        /// Whether it begins with `*`.
        var isStar = false
        /// Whether it matches again and again: it begins with `*` or an `H/n` of several values, or matches everything.
        var isRepeating = false
        /// Whether the month's last day is meant.
        var hasLast = false
        var numbered: [UInt8] = Array(repeating: 0, count: 7)
        var lastWeekdays: UInt8 = 0
    }

    /// - Parameter scheduleName: What `H` is derived from.
    func parse(_ text: String, _ scheduleName: String) throws(CronExpression.Mistake) -> Value {
        var value = Value()
        for (index, item) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            guard !item.isEmpty else { throw mistake("\"\(text)\" has an empty item") }
            try parse(item: String(item), isFirst: index == 0, scheduleName, &value)
        }
        if isWeekday, value.mask & 1 << 7 != 0 { value.mask = value.mask & 0x7F | 1 }
        if value.mask.nonzeroBitCount == values.count { value.isRepeating = true }
        return value
    }

    /// All values, once.
    private var values: ClosedRange<Int> { isWeekday ? 0...6 : range }

    private func parse(
        item: String, isFirst: Bool, _ scheduleName: String, _ value: inout Value
    ) throws(CronExpression.Mistake) {
        let parts = Self.split(item, "/")
        let base = parts[0]
        var step: Int?
        if parts.count == 2 {
            guard let number = Self.number(parts[1]), number > 0 else {
                throw mistake("the step in \"\(item)\" must be a number from 1")
            }
            step = number
        }
        switch base.first {
        case "*" where base == "*":
            if isFirst { (value.isStar, value.isRepeating) = (true, true) }
            try set(values, step, item, &value)
        case "H", "h":
            let picked = try hashed(item, base, step, scheduleName)
            if isFirst, picked.count > 1 { value.isRepeating = true }
            for number in picked { value.mask |= 1 << UInt64(number) }
        default:
            if step == nil, try parse(special: base, &value) { return }
            let ends = Self.split(base, "-")
            if ends.count == 2 {
                try set(try bounds(ends[0], ends[1], in: item), step, item, &value)
            } else {
                let low = try self.value(base, in: item)
                try set(low...(step == nil ? low : max(low, values.upperBound)), step, item, &value)
            }
        }
    }

    /// Parses `L` and, for days of the week, `FRI#2` and `FRIL`. Returns whether it was one of them.
    private func parse(special base: String, _ value: inout Value) throws(CronExpression.Mistake) -> Bool {
        if hasLast, base.uppercased() == "L" {
            value.hasLast = true
            return true
        }
        guard isWeekday else { return false }
        let parts = Self.split(base, "#")
        if parts.count == 2 {
            let weekday = try self.value(parts[0], in: base) % 7
            guard let number = Self.number(parts[1]), 1...5 ~= number else {
                throw mistake("the number in \"\(base)\" must be from 1 to 5")
            }
            value.numbered[weekday] |= 1 << UInt8(number)
            return true
        }
        guard base.count > 1, base.uppercased().hasSuffix("L") else { return false }
        value.lastWeekdays |= 1 << UInt8(try self.value(String(base.dropLast()), in: base) % 7)
        return true
    }

    /// Parses `H`, `H/n`, `H(a-b)` and `H(a-b)/n`, as in Jenkins. Returns the values.
    private func hashed(
        _ item: String, _ base: String, _ step: Int?, _ scheduleName: String
    ) throws(CronExpression.Mistake) -> [Int] {
        var bounds = hashRange
        let rest = base.dropFirst()
        if !rest.isEmpty {
            let ends = Self.split(String(rest.dropFirst().dropLast()), "-")
            guard rest.first == "(", rest.last == ")", ends.count == 2 else {
                throw mistake("\"\(item)\" is invalid; a range is written as in H(0-29)")
            }
            bounds = try self.bounds(ends[0], ends[1], in: item)
            // Sunday once.
            if isWeekday, bounds == 0...7 { bounds = 0...6 }
        }
        let hash = StableHash.hash(scheduleName, name)
        guard let step else { return [bounds.lowerBound + Int(hash % UInt64(bounds.count))] }
        guard step <= bounds.count else { throw mistake("the step in \"\(item)\" is larger than its range") }
        return Array(
            stride(from: bounds.lowerBound + Int(hash % UInt64(step)), through: bounds.upperBound, by: step))
    }

    private func bounds(
        _ low: String, _ high: String, in item: String
    ) throws(CronExpression.Mistake) -> ClosedRange<Int> {
        let low = try value(low, in: item)
        var high = try value(high, in: item)
        // A week may end on Sunday.
        if isWeekday, high == 0, low > 0 { high = 7 }
        guard low <= high else {
            throw mistake(
                "the range in \"\(item)\" must begin with its lower end; "
                    + "a list such as \(low)-\(values.upperBound),\(values.lowerBound)-\(high) goes around")
        }
        return low...high
    }

    private func set(
        _ range: ClosedRange<Int>, _ step: Int?, _ item: String, _ value: inout Value
    ) throws(CronExpression.Mistake) {
        guard step ?? 1 < max(range.count, 2) else {
            throw mistake("the step in \"\(item)\" is larger than its range")
        }
        for number in stride(from: range.lowerBound, through: range.upperBound, by: step ?? 1) {
            value.mask |= 1 << UInt64(number)
        }
    }

    /// A number or name.
    private func value(_ text: String, in item: String) throws(CronExpression.Mistake) -> Int {
        if let index = names.firstIndex(of: text.uppercased()) { return range.lowerBound + index }
        guard let number = Self.number(text) else {
            let hint =
                if text == "?" { "; use *" } else if !names.isEmpty {
                    "; a name has three letters, such as \(names[1])"
                } else { "" }
            throw mistake("\"\(item)\" is invalid\(hint)")
        }
        guard range ~= number else {
            throw mistake("\(number) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The parts before and after the first separator.
    private static func split(_ text: String, _ separator: Character) -> [String] {
        text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    }

    /// A number of up to nine digits.
    private static func number(_ text: String) -> Int? {
        let isNumber = text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return isNumber && 1...9 ~= text.utf8.count ? Int(text) : nil
    }

    private func mistake(_ message: String) -> CronExpression.Mistake {
        CronExpression.Mistake(field: name, message: message)
    }
}
