namespace Orchestrator.Data.Tests;

public sealed class Utf8TextTests
{
    [Theory]
    [InlineData("", true)]
    [InlineData("e99baa", true)]
    [InlineData("f09d92b3", true)]
    [InlineData("c3", false)]
    [InlineData("eda080", false)]
    [InlineData("c080", false)]
    [InlineData("f4908080", false)]
    [InlineData("61ff", false)]
    public void TryDecode_AcceptsWellFormedSequencesOnly(string hex, bool valid)
    {
        var bytes = Convert.FromHexString(hex);

        Assert.Equal(valid, Utf8Text.TryDecode(bytes, out var text));
        Assert.Equal(valid ? System.Text.Encoding.UTF8.GetString(bytes) : null, text);
    }

    [Fact]
    public void Escape_KeepsTextAndShowsTheRest() =>
        Assert.Equal("雪\\xff\\xc3a", Utf8Text.Escape([.. "雪"u8, 0xff, 0xc3, (byte)'a']));
}
