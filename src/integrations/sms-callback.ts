/** Where Twilio tells what became of an SMS, and what people answer: under the public address. */

export const smsStatusRoute = '/hooks/twilio/status/:deliveryId';
export const smsStatusPath = (deliveryId: string): string => smsStatusRoute.replace(':deliveryId', deliveryId);
export const smsInboundPath = '/hooks/twilio/inbound';
