package import XQueueCore

extension UniqueRule {
    /// Everything but the key in the form in which stores keep it; nil for the usual rule.
    ///
    /// `s`, `d` or `w` for started, done or window; `a` for all types or `t` for one; the window in milliseconds, if any.
    package var terms: String? {
        guard !isUsual else { return nil }
        let window = window.map { String($0.wholeMilliseconds) } ?? ""
        return "\(until.rawValue.prefix(1))\(isAcrossTypes ? "a" : "t")\(window)"
    }

    /// - Parameters:
    ///   - key: The key.
    ///   - terms: See ``terms``. What cannot be read is as in the usual rule.
    package init(key: String, terms: String?) {
        self.init(key: key)
        guard let terms, terms.utf8.count >= 2 else { return }
        until = Until.allCases.first { $0.rawValue.prefix(1) == terms.prefix(1) } ?? .done
        isAcrossTypes = terms.dropFirst().first == "a"
        window = Int64(terms.dropFirst(2)).map { .milliseconds($0) }
        // Without its window it could never be freed.
        if until == .window, window == nil { until = .done }
    }
}
