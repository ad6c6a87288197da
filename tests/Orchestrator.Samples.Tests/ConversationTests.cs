using System.Text.RegularExpressions;
using Orchestrator.Samples.TextGenerator;

namespace Orchestrator.Samples.Tests;

public sealed partial class ConversationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(77)]
    public async Task Conversations_AreNeverHeldOut(ulong seed)
    {
        var written = await WrittenText.ConversationsAsync(3_000, seed);
        Assert.Equal(3_000, written.Length);
        Assert.All(written, c => Assert.False(HeldOut.Contains(c.Turns)));
        Assert.All(written, c => Assert.Equal(c.Turns.Length, c.Answers.Length));
    }

    [Fact]
    public async Task Conversations_FollowFromTheSeed()
    {
        var first = (await WrittenText.ConversationsAsync(200, 5)).Select(c => string.Join('\n', [.. c.Turns, .. c.Answers]));
        var again = (await WrittenText.ConversationsAsync(200, 5)).Select(c => string.Join('\n', [.. c.Turns, .. c.Answers]));
        var other = (await WrittenText.ConversationsAsync(200, 6)).Select(c => string.Join('\n', [.. c.Turns, .. c.Answers]));
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task Arithmetic_IsRight()
    {
        var equations = (await WrittenText.ConversationsAsync(4_000, 8)).SelectMany(c => c.Answers).SelectMany(answer => Equation().Matches(answer)).ToArray();
        Assert.True(equations.Length > 1_000);
        Assert.All(equations, equation =>
        {
            var (a, b, result) = (int.Parse(equation.Groups["a"].Value), int.Parse(equation.Groups["b"].Value), int.Parse(equation.Groups["result"].Value));
            Assert.Equal(equation.Groups["sign"].Value switch { "+" => a + b, "-" => a - b, _ => a * b }, result);
            Assert.InRange(result, 0, 40);
        });
    }

    [Fact]
    public async Task Summaries_CopyExactlyTheSentencesAboutTheTwoPeopleAskedFor()
    {
        var summaries = (await WrittenText.ConversationsAsync(4_000, 9)).Where(c => c.Category == "summarization").ToArray();
        Assert.NotEmpty(summaries);
        Assert.All(summaries, c =>
        {
            var end = c.Turns[0].IndexOfAny([':', '?']);
            var asked = Names().Match(c.Turns[0][..end]);
            var sentences = Sentence().Matches(c.Turns[0][(end + 2)..]).Select(m => m.Value).ToArray();
            Assert.Equal(5, sentences.Length);
            Assert.Equal(
                "In short: " + string.Join(' ', new[] { "first", "second" }.Select(n => Assert.Single(
                    sentences, s => s.StartsWith(asked.Groups[n].Value + " ", StringComparison.Ordinal)))),
                c.Answers[0]);
        });
    }

    [Fact]
    public async Task RetrievedAnswers_QuoteThePassageAboutTheThingAskedFor()
    {
        var answers = (await WrittenText.ConversationsAsync(4_000, 11)).Where(c => c.Category == "rag").ToArray();
        Assert.NotEmpty(answers);
        Assert.All(answers, c =>
        {
            var asked = Asked().Match(c.Turns[0]);
            var passages = Passage().Matches(c.Turns[0]);
            Assert.Equal(["1", "2", "3", "4"], passages.Select(p => p.Groups["number"].Value));
            var (thing, owner) = (asked.Groups["thing"].Value, asked.Groups["owner"].Value);
            var passage = Assert.Single(passages, p => p.Groups["owner"].Value == owner);
            Assert.Equal(thing, passage.Groups["thing"].Value);
            var told = asked.Groups["form"].Value == "Where is" ? passage.Groups["spot"].Value : passage.Groups["colour"].Value;
            Assert.Equal($"Found: {passage.Value} So the {thing} of {owner} is {told}.", c.Answers[0]);
        });
    }

    /// <summary>Without the lexicon: some word of the other language stands in every sentence whose translation has a given word.</summary>
    [Fact]
    public async Task EveryWord_HasOneTranslation()
    {
        var candidates = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (var c in (await WrittenText.ConversationsAsync(30_000, 10)).Where(c => c.Category == "translation"))
        {
            var source = Words(c.Turns[0][(c.Turns[0].IndexOf(':', StringComparison.Ordinal) + 1)..]);
            var target = Words(c.Answers[0]);
            Assert.Equal(source.Length, target.Length);
            foreach (var (from, to) in source.Zip(target))
            {
                Assert.Equal(from.Length, to.Length);
                foreach (var word in from)
                {
                    if (candidates.TryGetValue(word, out var known))
                    {
                        known.IntersectWith(to);
                    }
                    else
                    {
                        candidates[word] = [.. to];
                    }
                }
            }
        }

        // 24 nouns in two numbers, 12 verbs, 12 adjectives, 8 places and one preposition, in two languages.
        Assert.Equal(2 * ((24 * 2) + 12 + 12 + 8 + 1), candidates.Count);

        // The prepositions go with every place, so no sentence tells them from it.
        Assert.All(candidates, word => Assert.Single(word.Value, other => Preposition(word.Key) == Preposition(other)));
    }

    private static bool Preposition(string word) => word is "so" or "go";

    private static string[][] Words(string text) =>
        [.. text.Split('.', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(s => s.Split(' '))];

    [GeneratedRegex(@"(?<a>\d+) (?<sign>[-+*]) (?<b>\d+) = (?<result>\d+)")]
    private static partial Regex Equation();

    [GeneratedRegex("(?<first>[A-Z][a-z]+) and (?<second>[A-Z][a-z]+)")]
    private static partial Regex Names();

    [GeneratedRegex("(?<form>What colour is|Where is) the (?<thing>[a-z]+) of (?<owner>[A-Z][a-z]+)[?]")]
    private static partial Regex Asked();

    [GeneratedRegex(@"(?<owner>[A-Z][a-z]+)'s (?<colour>[a-z]+) (?<thing>[a-z]+) is (?<spot>[a-z]+ the [a-z]+) \[(?<number>\d)\]\.")]
    private static partial Regex Passage();

    [GeneratedRegex(@"[A-Z][^.]*\.")]
    private static partial Regex Sentence();
}
