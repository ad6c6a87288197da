using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Domain.Tests.Curation.Selection;

public sealed class KeyOrderTests
{
    private static readonly Arbitrary<string> Keys = Gen.ListOf(Gen.Elements("a", "b", "/", "é", "\uD7FF", "\uE000", "\uFFFD", "\U00010000", "\U0010FFFF"))
        .Select(parts => string.Concat(parts.Take(5))).ToArbitrary();

    [Property(MaxTest = 1000)]
    public Property Compare_IsTheOrderOfTheBytes() => Prop.ForAll(Keys, Keys, (a, b) =>
        Math.Sign(KeyOrder.Instance.Compare(a, b)) == Math.Sign(Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b))));
}
