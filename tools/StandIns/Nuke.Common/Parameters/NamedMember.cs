using System.Linq.Expressions;
using System.Reflection;

namespace Nuke.Common.Parameters;

/// <summary>Reads `() => Guest`: which member is named, and on which object.</summary>
internal static class NamedMember
{
    public static MemberInfo MemberOf(LambdaExpression expression) => Access(expression).Member;

    public static object? InstanceOf(LambdaExpression expression)
        => Access(expression).Expression is { } instance ? Expression.Lambda(instance).Compile(preferInterpretation: true).DynamicInvoke() : null;

    public static object? Evaluate(LambdaExpression expression) => expression.Compile(preferInterpretation: true).DynamicInvoke();

    private static MemberExpression Access(LambdaExpression expression)
    {
        var body = expression.Body is UnaryExpression { NodeType: ExpressionType.Convert } conversion ? conversion.Operand : expression.Body;
        return body as MemberExpression ?? throw new ArgumentException($"'{expression.Body}' names no field or property");
    }
}
