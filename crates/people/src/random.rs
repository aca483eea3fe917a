//! Numbers from a seed, the same on every machine and in every release.

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, fast, and good enough to choose names.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// Two numbers that name one stream: that of a person knows nothing of the person before.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut outer = Self { state: seed };
        let state = outer.next() ^ index.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Self { state }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// An index of `weights`, each as often as its weight says.
    pub(crate) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut at = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if at < *weight {
                return index;
            }
            at -= weight;
        }
        unreachable!("a number below the sum of the weights")
    }

    /// Replaces `#` by a digit, `@` and `%` by a digit of Arabic and of Persian, and `?` by a letter.
    pub(crate) fn fill(&mut self, pattern: &str) -> String {
        pattern
            .chars()
            .map(|character| match character {
                '#' => self.from('0', 10),
                '@' => self.from('\u{660}', 10),
                '%' => self.from('\u{6F0}', 10),
                '?' => self.from('A', 26),
                other => other,
            })
            .collect()
    }

    fn from(&mut self, first: char, count: usize) -> char {
        let code = first as u32 + self.below(count) as u32;
        char::from_u32(code).unwrap_or(first)
    }
}
