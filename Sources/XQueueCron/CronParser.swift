extension CronExpression {
    /// Maximum length, in bytes.
    public static let maxBytes = 256

    private static let macros = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// Parses five fields, six with seconds first, or a macro such as `@daily`.
    ///
    /// - Parameters:
    ///   - text: The expression.
    ///   - name: What `H` is derived from; the same name always gives the same times.
    /// - Throws: ``Mistake``, also if the expression never matches.
    public init(_ text: String, name: String) throws(Mistake) {
        guard text.utf8.count <= Self.maxBytes else {
            throw Mistake(field: nil, message: "an expression must have at most \(Self.maxBytes) bytes")
        }
        var words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        self.text = words.joined(separator: " ")
        if let macro = words.first, macro.hasPrefix("@") {
            guard words.count == 1, let meaning = Self.macros[macro.lowercased()] else {
                let known = Self.macros.keys.sorted().joined(separator: ", ")
                throw Mistake(field: nil, message: "\"\(self.text)\" is not known; these are: \(known)")
            }
            words = meaning.split(separator: " ").map(String.init)
        }
        guard words.count == 5 || words.count == 6 else {
            throw Mistake(
                field: nil,
                message:
                    "an expression must have 5 fields, or 6 with seconds first, but this has \(words.count)")
        }
        hasSeconds = words.count == 6
        if hasSeconds { seconds = try CronField.second.parse(words.removeFirst(), name).mask }
        let minute = try CronField.minute.parse(words[0], name)
        let hour = try CronField.hour.parse(words[1], name)
        let day = try CronField.day.parse(words[2], name)
        let month = try CronField.month.parse(words[3], name)
        let weekday = try CronField.weekday.parse(words[4], name)
        (minutes, hours, days, months) = (minute.mask, hour.mask, day.mask, month.mask)
        hasLastDay = day.hasLast
        weekdays.every = UInt8(weekday.mask)
        weekdays.numbered = weekday.numbered
        weekdays.last = weekday.lastWeekdays
        joinsDays = day.isStar || weekday.isStar
        isRepeating = minute.isRepeating || hour.isRepeating
        // Any 400 years have the same days, and an expression that matches once in them does so within the search's limit.
        guard next(from: 0) != nil else {
            throw Mistake(field: nil, message: "\"\(self.text)\" never matches")
        }
    }
}

/// What one field allows.
struct CronField {
    let name: String
    let range: ClosedRange<Int>
    /// The range that `H` picks from.
    let hashRange: ClosedRange<Int>
    /// Names for the values from the range's start on.
    var names: [String] = []

    static let second = CronField(name: "second", range: 0...59, hashRange: 0...59)
    static let minute = CronField(name: "minute", range: 0...59, hashRange: 0...59)
    static let hour = CronField(name: "hour", range: 0...23, hashRange: 0...23)
    static let day = CronField(name: "day of the month", range: 1...31, hashRange: 1...28)
    static let month = CronField(
        name: "month", range: 1...12, hashRange: 1...12,
        names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
    /// 0 and 7 are Sunday.
    static let weekday = CronField(
        name: "day of the week", range: 0...7, hashRange: 0...6,
        names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])

    /// A field's parsed text.
    struct Value {
        /// The values, as bits.
        var mask: UInt64 = 0
        /// Whether it begins with `*`.
        var isStar = false
        /// Whether it matches again and again: it begins with `*`, is `H/n`, or matches everything.
        var isRepeating = false
        /// Whether the month's last day is meant.
        var hasLast = false
        var numbered: [UInt8] = Array(repeating: 0, count: 7)
        var lastWeekdays: UInt8 = 0
    }

    func parse(_ text: String, _ scheduleName: String) throws(CronExpression.Mistake) -> Value {
        var value = Value()
        for (index, item) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            guard !item.isEmpty else { throw mistake("\"\(text)\" has an empty item") }
            try parse(item: String(item), isFirst: index == 0, scheduleName, &value)
        }
        if self.name == Self.weekday.name, value.mask & 1 << 7 != 0 { value.mask = value.mask & 0x7F | 1 }
        let all = range.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        if value.mask == all { value.isRepeating = true }
        return value
    }

    private func parse(
        item: String, isFirst: Bool, _ scheduleName: String, _ value: inout Value
    ) throws(CronExpression.Mistake) {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let base = parts[0]
        var step: Int?
        if parts.count == 2 {
            // The largest step that still matches twice, if the field's range allows that.
            let most = range.upperBound - range.lowerBound
            guard let number = Self.number(parts[1]), 1...most ~= number else {
                throw mistake("the step in \"\(item)\" must be a number from 1 to \(most)")
            }
            step = number
        }
        if base == "*" {
            if isFirst { (value.isStar, value.isRepeating) = (true, true) }
            // 7 is Sunday again.
            let end = self.name == Self.weekday.name ? 6 : range.upperBound
            return set(range.lowerBound...end, step ?? 1, &value)
        }
        if base.first == "H" || base.first == "h" {
            return try parse(hash: item, base, step, scheduleName, &value)
        }
        if step == nil, try parse(special: base, &value) { return }
        let ends = base.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let low = try self.value(ends[0], in: item)
        guard ends.count == 2 else {
            return set(step == nil ? low...low : low...range.upperBound, step ?? 1, &value)
        }
        var high = try self.value(ends[1], in: item)
        // A week may end on Sunday.
        if self.name == Self.weekday.name, high == 0, low > 0 { high = 7 }
        guard low <= high else { throw mistake("the range \"\(base)\" must begin with its lower end") }
        set(low...high, step ?? 1, &value)
    }

    /// Parses `L` and, for days of the week, `FRI#2` and `FRIL`. Returns whether it was one of them.
    private func parse(special base: String, _ value: inout Value) throws(CronExpression.Mistake) -> Bool {
        if self.name == Self.day.name, base.uppercased() == "L" {
            value.hasLast = true
            return true
        }
        guard self.name == Self.weekday.name else { return false }
        let parts = base.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
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

    /// Parses `H`, `H/n`, `H(a-b)` and `H(a-b)/n`, as in Jenkins.
    private func parse(
        hash item: String, _ base: String, _ step: Int?, _ scheduleName: String, _ value: inout Value
    ) throws(CronExpression.Mistake) {
        var bounds = hashRange
        let rest = base.dropFirst()
        if !rest.isEmpty {
            guard rest.first == "(", rest.last == ")" else { throw mistake("\"\(item)\" is invalid") }
            let ends = rest.dropFirst().dropLast().split(separator: "-", omittingEmptySubsequences: false)
                .map(String.init)
            guard ends.count == 2 else { throw mistake("\"\(base)\" must name a range such as H(0-29)") }
            let (low, high) = (try self.value(ends[0], in: item), try self.value(ends[1], in: item))
            guard low <= high else { throw mistake("the range \"\(base)\" must begin with its lower end") }
            bounds = low...high
        }
        let hash = Self.hash(scheduleName, self.name)
        guard let step else {
            let picked = bounds.lowerBound + Int(hash % UInt64(bounds.count))
            return set(picked...picked, 1, &value)
        }
        guard step <= bounds.count else { throw mistake("the step in \"\(item)\" is larger than its range") }
        value.isRepeating = true
        set(bounds.lowerBound + Int(hash % UInt64(step))...bounds.upperBound, step, &value)
    }

    private func set(_ range: ClosedRange<Int>, _ step: Int, _ value: inout Value) {
        for number in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            value.mask |= 1 << UInt64(number)
        }
    }

    /// A number or name.
    private func value(_ text: String, in item: String) throws(CronExpression.Mistake) -> Int {
        if let index = names.firstIndex(of: text.uppercased()) { return range.lowerBound + index }
        guard let number = Self.number(text) else { throw mistake("\"\(item)\" is invalid") }
        guard range ~= number else {
            throw mistake("\(number) must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func number(_ text: String) -> Int? {
        guard 1...4 ~= text.utf8.count, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else {
            return nil
        }
        return Int(text)
    }

    private func mistake(_ message: String) -> CronExpression.Mistake {
        CronExpression.Mistake(field: name, message: message)
    }

    /// FNV-1a of both names, with its bits mixed.
    private static func hash(_ schedule: String, _ field: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(schedule)\0\(field)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}
