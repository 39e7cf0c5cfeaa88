"""Budget alerts as Azure sends them, in the legacy schema and in the common schema."""

LEGACY = b"""{"schemaId": "AIP Budget Notification", "data": {"SubscriptionName": "s", "SubscriptionId": "1", "ResourceGroup": "",
 "SpendingAmount": "1111.32", "BudgetStartDate": "11/1/2026 5:40:29 PM -08:00", "Budget": "10000", "Unit": "USD",
 "BudgetCreator": "x", "BudgetName": "platform", "BudgetType": "Cost", "NotificationThresholdAmount": "0.8"}}"""
COMMON = b"""{"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": {"monitoringService": "CostAlerts"},
 "alertContext": {"AlertCategory": "budgets", "AlertData": {"Scope": "/subscriptions/1/", "ThresholdType": "Forecasted",
 "BudgetType": "Cost", "BudgetThreshold": "$50.00", "NotificationThresholdAmount": "$25.00", "BudgetName": "platform",
 "BudgetId": "b", "BudgetStartDate": "2026-11-01", "Unit": "USD", "SpentAmount": "$11,111.00", "ForecastedTotalForPeriod": "$1111.11"}}}}"""
