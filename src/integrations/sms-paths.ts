/** Where Twilio calls us. */

/** Under the public address. */
export const smsStatusRoute = '/hooks/twilio/status/:deliveryId';
export const smsStatusPath = (deliveryId: string): string => smsStatusRoute.replace(':deliveryId', deliveryId);
export const smsInboundPath = '/hooks/twilio/inbound';
